# Multinomial logit by nnet, polished by Newton's steps; average marginal effects and probabilities with errors by the
# delta method, derivatives by differences. Clustered errors from the scores. Writes choice.csv and choice.json.
# Needs nnet. Run in this folder: Rscript choice.R
source("write.R")
library(nnet)

set.seed(20260205)
n <- 500
data <- data.frame(
  customer = sample(0:99, n, replace = TRUE),
  anger = round(rnorm(n), 3), tenure = round(rexp(n, 1 / 900)), apology = sample(0:1, n, replace = TRUE)
)
names <- c("none", "both", "complain", "exit")
signal <- with(data, cbind(0, -1 + 0.9 * anger, 0.2 + 0.6 * anger - 0.4 * apology, -0.5 + 0.3 * anger - 0.0005 * tenure))
data$did <- names[apply(signal, 1, function(s) sample(4, 1, prob = exp(s)))]
write.csv(data, "choice.csv", row.names = FALSE, quote = FALSE)

X <- with(data, cbind(1, anger, tenure / 1000, apology))
Y <- outer(data$did, names, "==") * 1
chance <- function(b, X) {
  e <- exp(cbind(0, X %*% matrix(b, ncol(X))))
  e / rowSums(e)
}
start <- t(coef(multinom(factor(did, names) ~ anger + I(tenure / 1000) + apology, data, trace = FALSE, maxit = 1000)))
b <- as.vector(start)
scores <- function(b) {
  left <- (Y - chance(b, X))[, -1]
  do.call(cbind, lapply(1:3, function(j) left[, j] * X))
}
information <- function(b) {
  p <- chance(b, X)[, -1]
  blocks <- lapply(1:3, function(j) do.call(cbind, lapply(1:3, function(l) crossprod(X, X * (p[, j] * ((j == l) - p[, l]))))))
  do.call(rbind, blocks)
}
for (k in 1:5) b <- b + solve(information(b), colSums(scores(b)))
stopifnot(max(abs(b - as.vector(start))) < 1e-2)
V <- solve(information(b))
G <- length(unique(data$customer))
clustered <- V %*% crossprod(rowsum(scores(b), data$customer)) %*% V * G / (G - 1) * (n - 1) / (n - length(b))

effects <- function(b) {
  B <- cbind(0, matrix(b, 4))
  p <- chance(b, X)
  slope <- function(m) colMeans(p * (matrix(B[m, ], n, 4, byrow = TRUE) - drop(p %*% B[m, ])))
  one <- X; one[, 4] <- 1
  zero <- X; zero[, 4] <- 0
  c(slope(2), slope(3), colMeans(chance(b, one) - chance(b, zero)))
}
profiles <- rbind(c(1, 0, 0.5, 0), c(1, 1.5, 2, 1))
difference <- function(f) {
  sapply(seq_along(b), function(j) {
    h <- 1e-4
    step <- function(k) f(b + replace(numeric(length(b)), j, k * h))
    (8 * (step(1) - step(-1)) - (step(2) - step(-2))) / (12 * h)
  })
}
delta <- function(f, V) {
  J <- difference(f)
  list(estimate = f(b), se = sqrt(diag(J %*% V %*% t(J))))
}
probability <- function(b) as.vector(t(chance(b, profiles)))
write_json(list(
  nnet = paste(packageVersion("nnet")),
  estimate = b, se = sqrt(diag(V)), clustered = sqrt(diag(clustered)), loglik = sum(log(rowSums(Y * chance(b, X)))),
  effects = delta(effects, V), effects_clustered = delta(effects, clustered), probabilities = delta(probability, V)
), "choice.json")
