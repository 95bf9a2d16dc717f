# Weighted logistic regression with errors clustered by customer, and average marginal effects with errors by the delta
# method: base R alone. Writes logit.csv (the data) and logit.json. Run in this folder: Rscript logit.R
source("write.R")

set.seed(20260101)
n <- 600
data <- data.frame(
  customer = sample(0:149, n, replace = TRUE),
  failed = rpois(n, 0.8),
  tenure = round(rnorm(n), 3),
  tier = sample(0:1, n, replace = TRUE),
  weight = round(runif(n, 1, 3), 3)
)
own <- rnorm(150, sd = 0.7)[data$customer + 1]
data$hit <- as.integer(runif(n) < plogis(-1.5 + 0.6 * data$failed - 0.3 * data$tenure + 0.2 * data$tier + own))
write.csv(data, "logit.csv", row.names = FALSE, quote = FALSE)

control <- glm.control(epsilon = 1e-14, maxit = 100)
fit <- glm(hit ~ failed + tenure + tier, quasibinomial, data, weights = weight, control = control)
Z <- model.matrix(fit)
p <- fitted(fit)

# Sandwich: scores summed within customers, times G / (G - 1) (n - 1) / (n - k).
bread <- solve(crossprod(Z, Z * (data$weight * p * (1 - p))))
scores <- rowsum(Z * (data$weight * (data$hit - p)), data$customer)
G <- nrow(scores)
covariance <- bread %*% crossprod(scores) %*% bread * G / (G - 1) * (n - 1) / (n - ncol(Z))

# The derivative of the mean slope by each coefficient, by central differences rather than by formula.
slopes <- function(beta) {
  risk <- plogis(drop(Z %*% beta))
  weighted.mean(risk * (1 - risk), data$weight) * beta[-1]
}
h <- 1e-5
jacobian <- sapply(seq_along(coef(fit)), function(j) {
  step <- replace(numeric(ncol(Z)), j, h)
  (slopes(coef(fit) + step) - slopes(coef(fit) - step)) / (2 * h)
})

write_json(list(
  coefficients = unname(coef(fit)),
  se = unname(sqrt(diag(covariance))),
  marginal = unname(slopes(coef(fit))),
  marginal_se = unname(sqrt(diag(jacobian %*% covariance %*% t(jacobian))))
), "logit.json")
