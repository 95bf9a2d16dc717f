# Moderated regression by least squares and by logit: classical, robust and clustered errors, simple slopes, and
# Johnson-Neyman roots by bisection rather than by formula. Writes moderation.csv and moderation.json.
# Needs sandwich. Run in this folder: Rscript moderation.R
source("write.R")
library(sandwich)

set.seed(20260201)
n <- 240
data <- data.frame(
  firm = sample(0:39, n, replace = TRUE),
  unfairness = round(rnorm(n), 3),
  quality = round(runif(n, 1, 7), 2),
  age = round(rnorm(n, 45, 12))
)
own <- rnorm(40, sd = 0.5)[data$firm + 1]
signal <- with(data, 0.2 * unfairness + 0.1 * quality + 0.15 * unfairness * (quality - 4) + own)
data$betrayal <- round(4 + signal + rnorm(n), 3)
data$complained <- as.integer(runif(n) < plogis(-0.5 + signal))
write.csv(data, "moderation.csv", row.names = FALSE, quote = FALSE)

slope_p <- function(w, b, V, df) {
  slope <- b[2] + b[4] * w
  2 * pt(-abs(slope / sqrt(V[2, 2] + 2 * w * V[2, 4] + w^2 * V[4, 4])), df)
}
roots <- function(b, V, df) {
  grid <- seq(-60, 60, by = 0.01)
  gap <- sapply(grid, slope_p, b, V, df) - 0.05
  at <- which(diff(sign(gap)) != 0)
  vapply(at, function(i) {
    uniroot(function(w) slope_p(w, b, V, df) - 0.05, grid[c(i, i + 1)], tol = 1e-14)$root
  }, 0)
}
numbers <- function(b, V, df) {
  at <- c(2, 4, 6)
  slopes <- b[2] + b[4] * at
  errors <- sqrt(V[2, 2] + 2 * at * V[2, 4] + at^2 * V[4, 4])
  list(
    estimate = unname(b), se = unname(sqrt(diag(V))), p = unname(2 * pt(-abs(b / sqrt(diag(V))), df)),
    slopes = slopes, slope_se = errors, slope_low = slopes - qt(0.975, df) * errors, roots = roots(b, V, df)
  )
}
Z <- with(data, cbind(1, unfairness, quality, unfairness * quality, age))
line <- lm(data$betrayal ~ Z - 1)
logit <- glm(data$complained ~ Z - 1, binomial, control = glm.control(epsilon = 1e-14, maxit = 100))
df <- n - ncol(Z)
G <- length(unique(data$firm))
clustered <- function(fit) vcovCL(fit, data$firm, type = "HC1", cadjust = TRUE)

write_json(list(
  sandwich = paste(packageVersion("sandwich")),
  linear_classical = numbers(coef(line), vcov(line), df),
  linear_robust = numbers(coef(line), vcovHC(line, "HC3"), df),
  linear_cluster = numbers(coef(line), clustered(line), G - 1),
  logit_classical = numbers(coef(logit), vcov(logit), Inf),
  logit_robust = numbers(coef(logit), sandwich(logit) * n / df, Inf),
  logit_cluster = numbers(coef(logit), clustered(logit), Inf)
), "moderation.json")
