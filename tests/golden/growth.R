# Growth curves with random effects of persons: REML and ML, with and without random slopes, by lme4 (and nlme beside it),
# and by nlme on days instead of weeks. Some waves are missing. Writes growth.csv and growth.json.
# Needs lme4 and nlme. Run in this folder: Rscript growth.R
source("write.R")
suppressMessages(library(lme4))

set.seed(20260203)
persons <- 90
times <- c(0, 1, 2, 4, 8)
data <- expand.grid(week = times, person = seq_len(persons))
data$quality <- round(rnorm(persons), 3)[data$person]
data$age <- round(rnorm(persons, 45, 12))[data$person]
level <- rnorm(persons)[data$person]
decay <- -0.25 + 0.1 * data$quality + rnorm(persons, sd = 0.12)[data$person]
data$revenge <- round(5 + level + 0.3 * data$quality + decay * data$week + rnorm(nrow(data), sd = 0.8), 3)
data <- data[runif(nrow(data)) > 0.15, ]
write.csv(data, "growth.csv", row.names = FALSE, quote = FALSE)

control <- lmerControl(optimizer = "bobyqa", optCtrl = list(rhobeg = 0.1, rhoend = 1e-12, maxfun = 1e6), calc.derivs = FALSE)
numbers <- function(formula, REML) {
  fit <- lmer(formula, data, REML = REML, control = control)
  random <- as.data.frame(VarCorr(fit))
  list(
    estimate = unname(fixef(fit)), se = unname(sqrt(diag(as.matrix(vcov(fit))))),
    random = random$sdcor, loglik = as.numeric(logLik(fit))
  )
}
slopes <- revenge ~ 1 + week + quality + week:quality + (week | person)
aged <- revenge ~ 1 + week + quality + age + week:quality + (week | person)
levels <- revenge ~ 1 + week + quality + week:quality + (1 | person)

tight <- nlme::lmeControl(tolerance = 1e-12, msTol = 1e-14, msMaxIter = 500, maxIter = 500, opt = "optim", reltol = 1e-15)
other <- nlme::lme(revenge ~ week * quality, data, random = ~ week | person, control = tight)

write_json(list(
  lme4 = paste(packageVersion("lme4")), nlme = paste(packageVersion("nlme")),
  slopes_reml = numbers(slopes, TRUE), slopes_ml = numbers(slopes, FALSE),
  aged_reml = numbers(aged, TRUE), levels_reml = numbers(levels, TRUE), levels_ml = numbers(levels, FALSE),
  nlme_reml = list(estimate = unname(nlme::fixef(other)), loglik = as.numeric(logLik(other)))
), "growth.json")
