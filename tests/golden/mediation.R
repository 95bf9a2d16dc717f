# Mediation: every resample by lm on the rows that were drawn, intervals by boot.ci. Parallel, serial and moderated.
# The resamples come from a linear congruential generator, so that any language can draw the same ones.
# Writes mediation.csv and mediation.json. Needs boot. Run in this folder: Rscript mediation.R
source("write.R")
library(boot)

set.seed(20260202)
n <- 60
R <- 400
data <- data.frame(failure = round(rnorm(n), 3), quality = round(rnorm(n), 3), age = round(rnorm(n, 45, 12)))
data$betrayal <- with(data, round(0.5 * failure + 0.3 * failure * quality + rnorm(n), 3))
data$anger <- with(data, round(0.3 * failure + 0.4 * betrayal + rnorm(n), 3))
data$revenge <- with(data, round(0.2 * failure + 0.4 * betrayal + 0.3 * anger + 0.2 * anger * quality + rnorm(n), 3))
write.csv(data, "mediation.csv", row.names = FALSE, quote = FALSE)

# state <- 69069 state + 1 mod 2^32: exact in double precision.
state <- 1
draw <- matrix(0L, R, n)
for (b in seq_len(R)) for (i in seq_len(n)) {
  state <- (69069 * state + 1) %% 2^32
  draw[b, i] <- 1L + floor(state / 2^32 * n)
}

parallel <- function(rows) {
  d <- data[rows, ]
  a1 <- coef(lm(betrayal ~ failure + age, d))[["failure"]]
  a2 <- coef(lm(anger ~ failure + age, d))[["failure"]]
  y <- coef(lm(revenge ~ failure + betrayal + anger + age, d))
  first <- a1 * y[["betrayal"]]
  second <- a2 * y[["anger"]]
  c(first, second, first + second, y[["failure"]], first + second + y[["failure"]])
}
serial <- function(rows) {
  d <- data[rows, ]
  a1 <- coef(lm(betrayal ~ failure, d))[["failure"]]
  m2 <- coef(lm(anger ~ failure + betrayal, d))
  y <- coef(lm(revenge ~ failure + betrayal + anger, d))
  chains <- c(a1 * y[["betrayal"]], m2[["failure"]] * y[["anger"]], a1 * m2[["betrayal"]] * y[["anger"]])
  c(chains, sum(chains), y[["failure"]], sum(chains) + y[["failure"]])
}
# The first path moderated (Hayes model 7): effects at -1 and 1, then the index.
first <- function(rows) {
  d <- data[rows, ]
  a <- coef(lm(betrayal ~ failure * quality, d))
  y <- coef(lm(revenge ~ failure + betrayal, d))
  at <- (a[["failure"]] + c(-1, 1) * a[["failure:quality"]]) * y[["betrayal"]]
  c(at[1], y[["failure"]], at[1] + y[["failure"]], at[2], y[["failure"]], at[2] + y[["failure"]],
    a[["failure:quality"]] * y[["betrayal"]])
}
# All three paths moderated (model 59): there is no index.
all_paths <- function(rows) {
  d <- data[rows, ]
  a <- coef(lm(anger ~ failure * quality, d))
  y <- coef(lm(revenge ~ failure * quality + anger * quality, d))
  unlist(lapply(c(-1, 1), function(w) {
    through <- (a[["failure"]] + w * a[["failure:quality"]]) * (y[["anger"]] + w * y[["quality:anger"]])
    direct <- y[["failure"]] + w * y[["failure:quality"]]
    c(through, direct, through + direct)
  }))
}
numbers <- function(statistic) {
  t0 <- statistic(seq_len(n))
  t <- t(apply(draw, 1, statistic))
  if (length(t0) == 1) t <- t(t)
  left_out <- t(sapply(seq_len(n), function(i) statistic(seq_len(n)[-i])))
  object <- list(t0 = t0, t = t, R = R, call = quote(boot()), sim = "ordinary", stype = "i")
  class(object) <- "boot"
  ends <- lapply(seq_along(t0), function(k) {
    L <- (n - 1) * (mean(left_out[, k]) - left_out[, k])
    bca <- boot.ci(object, type = "bca", t0 = t0[k], t = t[, k], L = L)$bca[4:5]
    c(boot.ci(object, type = "perc", t0 = t0[k], t = t[, k])$percent[4:5], bca)
  })
  ends <- do.call(rbind, ends)
  list(estimate = t0, se = apply(t, 2, sd), percentile = ends[, 1:2], bca = ends[, 3:4])
}
write_json(list(
  boot = paste(packageVersion("boot")),
  parallel = numbers(parallel), serial = numbers(serial), first = numbers(first), all_paths = numbers(all_paths)
), "mediation.json")
