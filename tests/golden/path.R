# Path models, factor models, reliability and a product term by lavaan, semTools and psych. Writes survey.csv (simulated
# answers from 1 to 7; q3 is worded the other way round) and path.json. Run in this folder: Rscript path.R
source("write.R")
suppressPackageStartupMessages({
  library(lavaan)
  library(semTools)
})

set.seed(20260301)
n <- 400
unfair <- rnorm(n)
quality <- -0.2 * unfair + rnorm(n)
betrayal <- 0.5 * unfair + 0.25 * quality + 0.25 * unfair * quality + rnorm(n, sd = 0.8)
revenge <- 0.5 * betrayal - 0.2 * quality + rnorm(n, sd = 0.8)
avoidance <- 0.4 * betrayal + 0.2 * revenge + rnorm(n, sd = 0.8)
answers <- function(latent, loadings) {
  sapply(loadings, function(l) pmin(7, pmax(1, round(4 + 1.2 * (l * latent + rnorm(n, sd = 0.6))))))
}
items <- cbind(
  answers(unfair, c(0.8, 0.9, 0.7)), answers(quality, c(0.9, 0.7, -0.8)), answers(betrayal, c(0.8, 0.8, 0.9)),
  answers(revenge, c(0.7, 0.9, 0.8)), answers(avoidance, c(0.8, 0.7, 0.7))
)
constructs <- c("unfairness", "quality", "betrayal", "revenge", "avoidance")
colnames(items) <- paste0(rep(c("u", "q", "b", "r", "a"), each = 3), 1:3)
write.csv(cbind(person = seq_len(n), items), "survey.csv", row.names = FALSE, quote = FALSE)
items <- as.data.frame(items)
items$q3 <- 8 - items$q3
scales <- sapply(0:4, function(k) rowMeans(items[, 3 * k + 1:3]))
colnames(scales) <- constructs
scales <- as.data.frame(scales)

# lavaan's own search leaves the sixth digit open, and says that it failed when asked for more. So its last steps are
# Gauss-Newton's, also lavaan's, from where it came to; the gradient that is left stands beside the numbers. With start
# values lavaan no longer takes the given variables as given unless told to.
quiet <- function(model, ...) {
  near <- suppressWarnings(sem(model, ...))
  suppressWarnings(sem(model, ...,
    start = near, fixed.x = TRUE, optim.method = "GN", optim.gn.iter.max = 500, optim.gn.tol.x = 1e-13, optim.force.converged = TRUE
  ))
}
wanted <- c(
  "chisq", "df", "pvalue", "baseline.chisq", "baseline.df", "cfi", "tli", "rmsea", "rmsea.ci.lower", "rmsea.ci.upper",
  "rmsea.pvalue", "srmr", "logl", "npar", "aic", "bic"
)
words <- function(x) paste(x, collapse = " ") # write.R has no lists of words
numbers <- function(fit) {
  found <- parameterEstimates(fit)
  std <- standardizedSolution(fit)
  list(
    gradient = max(abs(lavTech(fit, "gradient"))),
    left = words(found$lhs), op = words(found$op), right = words(found$rhs), estimate = found$est, se = found$se,
    standardized = std$est.std, standardized_se = std$se,
    fit = as.list(setNames(as.numeric(fitMeasures(fit, wanted)), wanted)),
    r2_of = words(names(inspect(fit, "r2"))), r2 = as.numeric(inspect(fit, "r2"))
  )
}
from_items <- function(model, ..., data = items) {
  used <- lavNames(lavaanify(model), "ov")
  numbers(quiet(model, sample.cov = cov(data[, used]), sample.nobs = nrow(data), ...))
}

# The moments of the betrayal replication: retaliation_risk/studies/published.py has the same numbers, and a test says so.
names5 <- c("Commit", "Exit", "Neglect", "Voice", "Loyalty")
r <- diag(5)
r[lower.tri(r)] <- c(-0.18, -0.1305, 0.2241, 0.0997, 0.7135, -0.1449, -0.1739, -0.1254, -0.1848, 0.5578)
r <- pmax(r, t(r)) + pmin(r, t(r)) - diag(5)
sd5 <- c(1.3968, 1.1324, 1.1594, 1.2065, 1.0983)
S <- outer(sd5, sd5) * r
dimnames(S) <- list(names5, names5)
from_moments <- function(model, ...) numbers(quiet(model, sample.cov = S, sample.nobs = 1696, ...))

responses <- "Exit ~ Commit
  Neglect ~ Commit
  Voice ~ Commit
  Loyalty ~ Commit"
two_kinds <- "destructive =~ Exit + Neglect
  constructive =~ Voice + Loyalty
  destructive ~ Commit
  constructive ~ Commit"
chain <- "betrayal ~ a1*unfairness + a2*quality
  revenge ~ b*betrayal + quality
  avoidance ~ c*betrayal
  by_betrayal := a1*b
  quality_by_betrayal := a2*b"
chain_in_full <- "betrayal ~ a*unfairness + quality
  revenge ~ b*betrayal + quality
  avoidance ~ c*betrayal + d*revenge + e*unfairness
  long := a*b*d
  short := a*c
  indirect := a*b*d + a*c
  total := a*b*d + a*c + e"
measurement <- "unfairness =~ u1 + u2 + u3
  quality =~ q1 + q2 + q3
  betrayal =~ b1 + b2 + b3
  revenge =~ r1 + r2 + r3
  avoidance =~ a1 + a2 + a3"
latent <- paste(measurement, "betrayal ~ unfairness + quality
  revenge ~ betrayal + quality
  avoidance ~ betrayal", sep = "\n")
one_factor <- paste("common =~", paste(colnames(items), collapse = " + "))
# Every item loads alike on a common factor; its variance may come out below 0, where there is no such factor.
method <- paste(measurement, paste("method =~", paste0("1*", colnames(items), collapse = " + ")),
  paste0("method ~~ 0*", constructs, collapse = "\n"), sep = "\n")
mixed <- "betrayal =~ b1 + b2 + b3
  revenge =~ r1 + NA*r2 + 0.9*r3
  betrayal ~ u1 + u2
  revenge ~ betrayal + u1
  r1 ~~ b1"
second_order <- "betrayal =~ b1 + b2 + b3
  revenge =~ r1 + r2 + r3
  avoidance =~ a1 + a2 + a3
  grudge =~ revenge + betrayal + avoidance
  grudge ~ u1"
exogenous <- "quality =~ q1 + q2 + q3
  unfairness =~ NA*u1 + u2 + u3
  unfairness ~~ 1*unfairness
  b1 ~ quality + unfairness + r1
  a1 ~ b1 + r1"
alike <- "betrayal ~ p*unfairness + p*quality
  revenge ~ betrayal
  unfairness ~~ quality"

# One indicator for a product of latent variables: means of items, centred; errors from reliabilities taken as known.
x <- scales$unfairness - mean(scales$unfairness)
z <- scales$quality - mean(scales$quality)
product <- data.frame(y = scales$betrayal, x = x, z = z, xz = x * z)
reliability <- c(x = 0.82, z = 0.80)
error_x <- (1 - reliability[["x"]]) * var(x)
error_z <- (1 - reliability[["z"]]) * var(z)
true_x <- var(x) - error_x
true_z <- var(z) - error_z
error_xz <- true_x * error_z + true_z * error_x + error_x * error_z
# lavaan divides covariances by n, so errors that are shares of a variance are divided by n too.
by_n <- (n - 1) / n
latent_product <- sprintf("X =~ 1*x
  Z =~ 1*z
  XZ =~ 1*xz
  x ~~ %.17g*x
  z ~~ %.17g*z
  xz ~~ %.17g*xz
  y ~ X + Z + XZ", error_x * by_n, error_z * by_n, error_xz * by_n)

cfa5 <- quiet(measurement, sample.cov = cov(items), sample.nobs = n)
alphas <- sapply(0:4, function(k) {
  S <- cov(items[, 3 * k + 1:3])
  3 / 2 * (1 - sum(diag(S)) / sum(S))
})
feldt <- sapply(alphas, function(alpha) unlist(psych::alpha.ci(alpha, n, 3, digits = 15)[c("lower.ci", "upper.ci")]))
discriminant <- htmt(measurement, data = items, htmt2 = FALSE)
# Averages extracted are of standardised loadings, so of a fit to correlations.
standard5 <- quiet(measurement, sample.cov = cor(items), sample.nobs = n)

# Ends with the versions: write.R names survival's, which nothing here uses.
write_json(list(
  lavaan = as.character(packageVersion("lavaan")),
  semTools = as.character(packageVersion("semTools")),
  psych = as.character(packageVersion("psych")),
  moments = list(names = words(names5), n = 1696, sd = sd5, r = bare(r)),
  scale_means = colMeans(scales),
  responses = from_moments(responses),
  two_kinds = from_moments(two_kinds),
  chain = from_items(chain, data = scales),
  chain_wishart = from_items(chain, data = scales, likelihood = "wishart"),
  chain_in_full = from_items(chain_in_full, data = scales),
  measurement = from_items(measurement),
  latent = from_items(latent),
  one_factor = from_items(one_factor),
  method = from_items(method),
  mixed = from_items(mixed),
  second_order = from_items(second_order),
  exogenous = from_items(exogenous),
  alike = from_items(alike, data = scales),
  latent_product = from_items(latent_product, data = product),
  reliability = list(
    alpha = alphas, low = feldt[1, ], high = feldt[2, ],
    composite = as.numeric(compRelSEM(cfa5, obs.var = FALSE)), ave = as.numeric(AVE(standard5, obs.var = FALSE)), htmt = bare(discriminant),
    first_eigenvalue = eigen(cor(items))$values[1]
  )
), "path.json")
