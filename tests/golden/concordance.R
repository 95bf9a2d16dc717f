# Golden numbers for concordance and observed incidence, by R's survival. Run in this folder, after cox.R:
#   Rscript concordance.R      cox_simulated.csv -> concordance.json
# Made with R 4.2.2 and survival 3.5-3; the json file says so in "versions".
library(survival)
rows <- read.csv("cox_simulated.csv")
rows$risk <- round(rows$x1, 1)
# Customers without an event and an even number left; the others were censored.
rows$left <- rows$event == 0 & rows$id %% 2 == 0

value <- function(formula, timewt = "n", ymax = NULL) {
  found <- concordance(formula, rows, weights = weight, timewt = timewt, ymax = ymax, reverse = TRUE, timefix = FALSE)
  unname(coef(found))
}
incidence <- function(fit, state, day) {
  at <- max(which(fit$time <= day))
  column <- match(state, fit$states)
  c(fit$pstate[at, column], fit$std.err[at, column])
}
status <- factor(ifelse(rows$event == 1, "event", ifelse(rows$left, "left", "censored")), c("censored", "event", "left"))
days <- c(10, 20, 35)
competing <- survfit(Surv(rows$stop, status) ~ 1)
alone <- survfit(Surv(rows$stop, rows$event) ~ 1)
cases <- list(
  days = days,
  harrell = value(Surv(stop, event) ~ risk),
  harrell_late = value(Surv(start, stop, event) ~ risk),
  harrell_continuous = value(Surv(begin, end, event) ~ risk),
  uno = value(Surv(stop, event) ~ risk, "n/G2"),
  # The last day that counts is 20; ours counts days before tau.
  uno_upto_20 = value(Surv(stop, event) ~ risk, "n/G2", 20),
  aalen_johansen = sapply(days, function(day) incidence(competing, "event", day)[1]),
  aalen_johansen_error = sapply(days, function(day) incidence(competing, "event", day)[2]),
  kaplan_meier = 1 - summary(alone, days)$surv,
  kaplan_meier_error = summary(alone, days)$std.err
)
lines <- sprintf('"%s": [%s]', names(cases), sapply(cases, function(x) paste(sprintf("%.15g", x), collapse = ", ")))
versions <- sprintf('"versions": "%s"', paste(R.version.string, "survival", packageVersion("survival")))
writeLines(paste0("{", paste(c(versions, lines), collapse = ",\n"), "}"), "concordance.json")
