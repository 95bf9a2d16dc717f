# Golden numbers for recurrent events, by R's survival. Run in this folder, after cox.R:
#   Rscript recurrent.R                                   cox_simulated.csv -> recurrent_simulated.json
#   Rscript recurrent.R <folder with recurrent_events>    public data -> recurrent_public.json (numbers only, no data)
# Made with R 4.2.2 and survival 3.5-3; each json file says so in "versions".
source("write.R")

# The columns id, start, stop, event of d; adds the number of the next event and the clock since the last one.
with_numbers <- function(d) {
  d <- d[order(d$id, d$start), ]
  d$nth <- ave(d$event, d$id, FUN = function(e) cumsum(e) - e) + 1
  ends <- ifelse(d$event == 1, d$stop, 0)
  d$since <- ave(ends, d$id, FUN = function(e) c(0, cummax(e)[-length(e)]))
  d$gap_start <- d$start - d$since
  d$gap_stop <- d$stop - d$since
  d
}
models <- function(d, covariates, at_most, weights = rep(1, nrow(d))) {
  d <- with_numbers(d)
  d$pooled <- pmin(d$nth, at_most)
  clocks <- c(total = "Surv(start, stop, event)", gap = "Surv(gap_start, gap_stop, event)")
  fit <- function(clock, strata) {
    formula <- as.formula(paste(clocks[[clock]], "~", paste(c(covariates, strata), collapse = " + ")))
    environment(formula) <- environment()
    fit_numbers(coxph(formula, d, weights = w, cluster = id, control = tight))
  }
  list(
    andersen_gill = fit("total", NULL), earlier = fit("total", "I(nth - 1)"),
    pwp_total = fit("total", "strata(nth)"), pwp_gap = fit("gap", "strata(nth)"),
    pwp_total_pooled = fit("total", "strata(pooled)"), pwp_gap_pooled = fit("gap", "strata(pooled)")
  )
}
mean_numbers <- function(d, weighted = FALSE) {
  d$w <- if (weighted) d$weight else rep(1, nrow(d))
  fit <- survfit(Surv(start, stop, event) ~ 1, d, weights = w, id = id, cluster = id, timefix = FALSE)
  happened <- fit$n.event > 0
  list(time = fit$time[happened], mean = fit$cumhaz[happened], std_err = fit$std.chaz[happened])
}

simulated <- function() {
  d <- read.csv("cox_simulated.csv")
  d$w <- 1
  weighted <- d
  # One weight per customer: R's survfit asks for it.
  weighted$weight <- ave(d$weight, d$id, FUN = function(w) w[1])
  weighted$w <- weighted$weight
  write_json(list(
    plain = models(d, c("x1", "x3"), 2), weighted = models(weighted, c("x1", "x3"), 2),
    mean = mean_numbers(d), mean_weighted = mean_numbers(weighted, TRUE)
  ), "recurrent_simulated.json")
}

public <- function(folder) {
  read <- function(name) {
    d <- read.csv(file.path(folder, "recurrent_events", paste0(name, ".csv")))
    names(d) <- sub("^t\\.?st", "st", names(d))
    if (is.null(d$event)) d$event <- d$status
    d$w <- 1
    d
  }
  cgd <- read("cgd")
  cgd$treated <- as.integer(cgd$treat == "rIFN-g")
  cgd$autosomal <- as.integer(cgd$inherit == "autosomal")
  again <- read("readmission")
  again$female <- as.integer(again$sex == "Female")
  again$treated <- as.integer(again$chemo == "Treated")
  bladder <- read("bladder2")
  write_json(list(
    cgd = models(cgd, c("treated", "autosomal", "age", "steroids"), 3),
    readmission = models(again, c("female", "treated"), 4),
    bladder2 = models(bladder, c("rx", "number", "size"), 3),
    mean_cgd = mean_numbers(cgd), mean_readmission = mean_numbers(again),
    mean_bladder2 = mean_numbers(bladder)
  ), "recurrent_public.json")
}

arguments <- commandArgs(TRUE)
if (length(arguments)) public(arguments[1]) else simulated()
