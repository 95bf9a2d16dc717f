# Golden numbers for competing risks, by R's survival. Run in this folder:
#   Rscript competing.R                                   simulated data -> competing_simulated.csv, competing_simulated.json
#   Rscript competing.R <folder with recurrent_events>    public data -> competing_public.json (numbers only, no data)
# Made with R 4.2.2 and survival 3.5-3; each json file says so in "versions".
source("write.R")

# Columns of pstate and std.err are survival, then the causes in order.
curve_numbers <- function(make) {
  fit <- make("log")
  loglog <- make("log-log")
  list(
    time = fit$time, at_risk = fit$n.risk[, 1], events = bare(fit$n.event[, -1]), pstate = bare(fit$pstate),
    std_err = bare(fit$std.err), lower = bare(fit$lower[, -1]), upper = bare(fit$upper[, -1]),
    lower_loglog = bare(loglog$lower[, -1]), upper_loglog = bare(loglog$upper[, -1])
  )
}
# Sums, and sums by row number, hold the same digits in few numbers, where there are thousands of rows.
folded <- function(m) { m <- as.matrix(m); unname(c(colSums(m), colSums(m * seq_len(nrow(m))))) }
rows_numbers <- function(rows) bare(rows[, c("row", "fgstart", "fgstop", "fgstatus", "fgwt")])

simulate <- function() {
  set.seed(20261123)
  n <- 90
  d <- data.frame(id = seq_len(n), x1 = round(rnorm(n), 3), x2 = rbinom(n, 1, 0.4))
  d$stratum <- c("a", "b", "c")[1 + d$id %% 3]
  voice <- rexp(n, 0.05 * exp(0.7 * d$x1))
  exit <- rexp(n, 0.04 * exp(-0.4 * d$x1 + 0.6 * d$x2))
  lost <- rexp(n, 0.03)
  first <- pmin(voice, exit, lost, 30)
  d$cause <- ifelse(first == voice, 1, ifelse(first == exit, 2, 0))
  d$exact <- round(first, 6)
  # Whole days: heavy ties.
  d$stop <- ceiling(first)
  # Late entry up to day 6, before the end; and one customer in three is split into two rows.
  d$start <- pmin(sample(0:6, n, TRUE), d$stop - 1)
  d$weight <- round(runif(n, 0.3, 3), 2)
  split <- d$id %% 3 == 0 & d$stop - d$start > 2
  early <- d[split, ]
  early$stop <- early$start + 1
  early$cause <- 0
  d$start[split] <- d$start[split] + 1
  rows <- rbind(early, d)
  rows[order(rows$id, rows$start), ]
}

# R drops the stratum from the rows that it makes by stratum.
merge_stratum <- function(rows, d) { rows$stratum <- d$stratum[match(rows$id, d$id)]; rows }

simulated <- function() {
  write.csv(simulate(), "competing_simulated.csv", row.names = FALSE, quote = FALSE)
  d <- read.csv("competing_simulated.csv")
  d$row <- seq_len(nrow(d))
  d$status <- factor(d$cause, 0:2)
  # Customers in one row: the last, from the beginning.
  whole <- d[!duplicated(d$id, fromLast = TRUE), ]
  cases <- list(
    tied = curve_numbers(function(type) {
      survfit(Surv(stop, status) ~ 1, whole, conf.type = type, timefix = FALSE)
    }),
    exact = curve_numbers(function(type) {
      survfit(Surv(exact, status) ~ 1, whole, weights = weight, conf.type = type, timefix = FALSE)
    }),
    weighted = curve_numbers(function(type) {
      survfit(Surv(stop, status) ~ 1, whole, weights = weight, conf.type = type, timefix = FALSE)
    }),
    late = curve_numbers(function(type) {
      survfit(Surv(start, stop, status) ~ 1, d, id = id, conf.type = type, timefix = FALSE)
    }),
    late_weighted = curve_numbers(function(type) {
      survfit(Surv(start, stop, status) ~ 1, d, id = id, weights = weight, conf.type = type, timefix = FALSE)
    })
  )
  for (cause in c("1", "2")) {
    rows <- list(
      tied = finegray(Surv(stop, status) ~ ., whole, etype = cause, timefix = FALSE),
      exact = finegray(Surv(exact, status) ~ ., whole, weights = weight, etype = cause, timefix = FALSE),
      late = finegray(Surv(start, stop, status) ~ ., d, weights = weight, id = d$id, etype = cause, timefix = FALSE),
      strata = finegray(Surv(stop, status) ~ . + strata(stratum), whole, etype = cause, timefix = FALSE)
    )
    for (name in names(rows)) {
      formula <- Surv(fgstart, fgstop, fgstatus) ~ x1 + x2
      if (name == "strata") formula <- update(formula, ~ . + strata(stratum))
      fit <- coxph(formula, merge_stratum(rows[[name]], whole), weights = fgwt, cluster = id, control = tight)
      cases[[paste0("fine_gray_", name, "_", cause)]] <- c(
        list(rows = rows_numbers(rows[[name]])), fit_numbers(fit)
      )
    }
  }
  # Cause-specific Cox models at once, and the curves that follow from both; no ties, so no choice of ties.
  both <- coxph(Surv(exact, status) ~ x1 + x2, whole, id = id, control = tight)
  grid <- data.frame(x1 = c(-1, 0, 1.5), x2 = c(0, 1, 1))
  curves <- survfit(both, newdata = grid)
  cases$exit_or_voice <- list(
    coefficients = unname(coef(both)), robust = bare(both$var), time = curves$time,
    voice = bare(curves$pstate[, , 2]), exit = bare(curves$pstate[, , 3])
  )
  write_json(cases, "competing_simulated.json")
}

public_case <- function(d, formula, fine_gray) {
  curve <- curve_numbers(function(type) survfit(Surv(time, status) ~ 1, d, conf.type = type, timefix = FALSE))
  rows <- finegray(fine_gray, d, etype = "1", timefix = FALSE)
  fit <- coxph(update(formula, Surv(fgstart, fgstop, fgstatus) ~ .), rows, weights = fgwt, cluster = row,
               control = tight)
  at <- match(c("pstate", "std_err", "events"), names(curve))
  c(
    list(n_times = length(curve$time), n_rows = nrow(rows), rows = folded(rows_numbers(rows))),
    lapply(curve[at], folded), fit_numbers(fit)
  )
}
public <- function(folder) {
  read <- function(name) read.csv(file.path(folder, "recurrent_events", paste0(name, ".csv")))
  # Recurrence of cancer, or death before it.
  r <- read("rotterdam")
  r$time <- ifelse(r$recur == 1, r$rtime, r$dtime)
  r$status <- factor(ifelse(r$recur == 1, 1, ifelse(r$death == 1, 2, 0)), 0:2)
  r$row <- seq_len(nrow(r))
  # The first of eight endpoints: death or transplant, or any other.
  u <- read("udca2")
  u <- u[order(u$id, u$futime, -u$status), ]
  u <- u[!duplicated(u$id), ]
  u$time <- u$futime
  u$status <- factor(ifelse(u$status == 0, 0, ifelse(u$endpoint %in% c("death", "transplant"), 2, 1)), 0:2)
  u <- u[!is.na(u$riskscore), ]
  u$row <- seq_len(nrow(u))
  write_json(list(
    rotterdam = public_case(r, ~ age + meno + grade + nodes + hormon, Surv(time, status) ~ .),
    udca2 = public_case(u, ~ trt + stage + riskscore, Surv(time, status) ~ .)
  ), "competing_public.json")
}

arguments <- commandArgs(TRUE)
if (length(arguments)) public(arguments[1]) else simulated()
