# Meta-analyses of correlations, standardised differences and odds ratios, by metafor: fixed effect, DerSimonian-Laird,
# REML, Hartung-Knapp. The prediction interval is with k - 2 degrees of freedom (metafor's own default is another).
# Writes meta.json, data and all. Needs metafor. Run in this folder: Rscript meta.R
source("write.R")
suppressMessages(library(metafor))

r <- c(0.10, 0.35, 0.22, 0.41, -0.05, 0.30, 0.18)
n <- c(120, 80, 200, 95, 60, 150, 310)
d <- c(-0.599, -0.05, 0.12, -0.31, -0.02, 0.20)
n1 <- c(44, 60, 35, 20, 110, 12)
n2 <- c(45, 58, 40, 22, 105, 9)
events1 <- c(20, 5, 0, 31, 12)
m1 <- c(100, 40, 25, 90, 60)
events2 <- c(10, 4, 3, 15, 11)
m2 <- c(100, 42, 25, 88, 61)
equal <- c(0.2, 0.21, 0.19, 0.2)  # alike: tau2 is 0

numbers <- function(effects) {
  how <- list(control = list(threshold = 1e-14, maxiter = 10000))
  one <- function(method, test = "z") {
    fit <- rma(yi, vi, data = effects, method = method, test = test, control = if (method == "REML") how$control else list())
    reach <- qt(0.975, fit$k - 2) * sqrt(fit$se^2 + fit$tau2)
    c(fit$beta, fit$se, fit$zval, fit$pval, fit$ci.lb, fit$ci.ub, fit$QE, fit$QEp, fit$I2 / 100, fit$tau2,
      fit$beta - reach, fit$beta + reach)
  }
  list(
    estimate = as.numeric(effects$yi), variance = as.numeric(effects$vi),
    fixed = one("FE"), dl = one("DL"), reml = one("REML"), dl_knapp = one("DL", "knha"), reml_knapp = one("REML", "knha")
  )
}
write_json(list(
  metafor = paste(packageVersion("metafor")),
  input = list(r = r, n = n, d = d, n1 = n1, n2 = n2, events1 = events1, m1 = m1, events2 = events2, m2 = m2, equal = equal),
  correlations = numbers(escalc("ZCOR", ri = r, ni = n)),
  differences = numbers(escalc("SMD", di = d, n1i = n1, n2i = n2)),
  odds = numbers(escalc("OR", ai = events1, n1i = m1, ci = events2, n2i = m2)),
  alike = numbers(escalc("ZCOR", ri = equal, ni = n[1:4]))
), "meta.json")
