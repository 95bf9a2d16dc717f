# Repeated measures: within-subject analysis of variance with Greenhouse-Geisser and Huynh-Feldt, with one and two within
# factors and a between factor with groups of other sizes, by car (type III); contrasts by t.test and by formula.
# Writes repeated.csv and repeated.json. Needs car. Run in this folder: Rscript repeated.R
source("write.R")
suppressMessages(library(car))

set.seed(20260204)
n <- 31
group <- rep(c("US", "SU", "UU"), c(14, 10, 7))
level <- rnorm(n)
cells <- expand.grid(wave = c("w1", "w2", "w3"), item = c("satisfaction", "wom"))
drift <- matrix(rnorm(n * 6), n) %*% chol(0.4 + diag(c(0.3, 0.6, 1.2, 0.5, 0.5, 0.9)))
mean_of <- outer(match(group, c("US", "SU", "UU")), as.integer(cells$wave), function(g, w) c(0.3, -0.2, -0.5)[g] * w)
wide <- round(5 + level + mean_of + drift, 3)
data <- data.frame(
  person = rep(seq_len(n), 6), group = rep(group, 6),
  wave = rep(cells$wave, each = n), item = rep(cells$item, each = n), rating = as.vector(wide)
)
write.csv(data, "repeated.csv", row.names = FALSE, quote = FALSE)

options(contrasts = c("contr.sum", "contr.poly"))
anova_of <- function(fit, idata, idesign, rows) {
  made <- summary(Anova(fit, idata = idata, idesign = idesign, type = 3), multivariate = FALSE)
  plain <- made$univariate.tests
  adjusted <- made$pval.adjustments
  t(sapply(rows, function(name) {
    row <- plain[name, ]
    more <- if (name %in% rownames(adjusted)) adjusted[name, ] else c(NA, NA, NA, NA)
    c(row["num Df"], row["den Df"], row["F value"], row["Pr(>F)"], more[c(1, 2, 3, 4)], row["Sum Sq"] / (row["Sum Sq"] + row["Error SS"]))
  }))
}
first <- wide[, 1:3]
waves <- data.frame(wave = factor(c("w1", "w2", "w3")))
between <- factor(group)
score <- drop(first %*% c(-1, 0.5, 0.5))
m <- tapply(score, group, mean)[c("US", "SU", "UU")]
v <- tapply(score, group, var)[c("US", "SU", "UU")]
k <- tapply(score, group, length)[c("US", "SU", "UU")]
apart <- t.test(score[group == "US"], score[group == "SU"])
alone <- t.test(score)

write_json(list(
  car = paste(packageVersion("car")),
  one_within = anova_of(lm(first ~ 1), waves, ~wave, "wave"),
  one_between = anova_of(lm(first ~ between), waves, ~wave, c("wave", "between:wave", "between")),
  two_within = anova_of(lm(wide ~ 1), cells, ~ wave * item, c("wave", "item", "wave:item")),
  two_between = anova_of(lm(wide ~ between), cells, ~ wave * item,
    c("wave", "item", "wave:item", "between:wave", "between:item", "between:wave:item", "between")),
  contrast = c(alone$estimate, alone$stderr, alone$statistic, alone$p.value, alone$conf.int),
  welch = c(m[1] - m[2], apart$stderr, apart$statistic, apart$p.value, apart$conf.int),
  three = c(sum(m * c(0.5, 0.5, -1)), sqrt(sum(c(0.25, 0.25, 1) * v / k)))
), "repeated.json")
