# Golden numbers for effects that change with time, and for accelerated failure times, by R's survival.
# Run in this folder: Rscript time_effects.R        -> time_effects.csv, time_effects.json, aft.json
# Made with R 4.2.2 and survival 3.5-3; each json file says so in "versions".
library(survival)
tight <- coxph.control(eps = 1e-14, toler.chol = 1e-15, iter.max = 100, timefix = FALSE)
firm <- survreg.control(rel.tolerance = 1e-14, maxiter = 200, toler.chol = 1e-14)

number <- function(x) sprintf("%.15g", x)
row_of <- function(x) paste0("[", paste(number(x), collapse = ", "), "]")
json <- function(x) {
  if (is.list(x)) return(paste0("{", paste0('"', names(x), '": ', vapply(x, json, ""), collapse = ",\n"), "}"))
  if (is.character(x)) return(paste0('"', x, '"'))
  if (is.matrix(x)) return(paste0("[", paste(apply(x, 1, row_of), collapse = ",\n"), "]"))
  row_of(x)
}
versions <- paste(R.version.string, "survival", packageVersion("survival"))
bare <- function(m) { m <- as.matrix(m); dimnames(m) <- NULL; m }

# Customers with one to three rows, whole days with many ties, and a strength that lengthens the effect of x1.
simulate <- function() {
  set.seed(20261123)
  n <- 240
  rows <- data.frame(customer_id = rep(1:120, each = 2))
  rows$x1 <- rbinom(n, 1, 0.5)
  rows$x2 <- round(rnorm(n), 3)
  rows$strength <- round(rnorm(n), 3)
  rate <- 0.03 * exp(0.8 * rows$x1 + 0.3 * rows$x2 + 0.2 * rows$strength * rows$x1)
  rows$start <- ifelse(runif(n) < 0.3, sample(1:8, n, TRUE), 0)
  time <- rows$start + ceiling(rexp(n, rate))
  lost <- rows$start + sample(5:60, n, TRUE)
  rows$stop <- pmin(time, lost)
  rows$event <- as.integer(time <= lost)
  rows$both <- rows$x1 * rows$strength
  rows
}

cox_numbers <- function(fit) {
  naive <- if (is.null(fit$naive.var)) fit$var else fit$naive.var
  out <- list(coefficients = unname(coef(fit)), covariance = bare(naive), loglik = fit$loglik)
  if (!is.null(fit$naive.var)) out$robust <- bare(fit$var)
  out
}
by_log <- function(x, t, ...) x * log(t)

# R's tt() with late entry and clusters is the fit on rows split at every event time; both are made and compared.
cox_cases <- function(d) {
  right <- coxph(Surv(stop, event) ~ x1 + x2 + tt(x1), d, tt = by_log, control = tight)
  entry <- coxph(Surv(start, stop, event) ~ x1 + x2 + tt(x1) + tt(x2), d, tt = by_log, control = tight)
  cuts <- sort(unique(d$stop[d$event == 1]))
  long <- survSplit(Surv(start, stop, event) ~ ., d, cut = cuts)
  long$log_t <- log(long$stop)
  # A row's last piece may end after the last event time before it; nobody dies there, so its time is not used.
  moderated <- coxph(
    Surv(start, stop, event) ~ x1 + x2 + strength + x1:strength + x1:log_t + strength:log_t + x1:strength:log_t,
    long, cluster = customer_id, control = tight
  )
  clustered <- coxph(Surv(start, stop, event) ~ x1 + x2 + x1:log_t + x2:log_t, long, cluster = customer_id,
                     control = tight)
  stopifnot(max(abs(coef(clustered) - coef(entry))) < 1e-8)
  list(right = cox_numbers(right), entry = cox_numbers(entry), clustered = cox_numbers(clustered),
       moderated = cox_numbers(moderated))
}

aft_numbers <- function(kind, d) {
  model <- Surv(stop, event) ~ x1 + x2 + strength
  plain <- survreg(model, d, dist = kind, control = firm)
  robust <- survreg(model, d, dist = kind, control = firm, cluster = customer_id)
  grid <- d[1:5, ]
  p <- c(0.1, 0.5, 0.9)
  list(
    coefficients = unname(coef(plain)), scale = plain$scale, loglik = plain$loglik,
    covariance = bare(vcov(plain)), robust = bare(robust$var),
    quantiles = bare(predict(plain, grid, type = "quantile", p = p))
  )
}

write.csv(simulate(), "time_effects.csv", row.names = FALSE, quote = FALSE)
d <- read.csv("time_effects.csv")
writeLines(json(c(list(versions = versions), cox_cases(d))), "time_effects.json")
kinds <- c(weibull = "weibull", lognormal = "lognormal", loglogistic = "loglogistic")
writeLines(json(c(list(versions = versions), lapply(kinds, aft_numbers, d))), "aft.json")
