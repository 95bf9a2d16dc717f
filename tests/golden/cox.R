# Golden numbers for the partial likelihood, by R's survival. Run in this folder:
#   Rscript cox.R                                   simulated data -> cox_simulated.csv, cox_simulated.json,
#                                                   cox_curves.json
#   Rscript cox.R <folder with recurrent_events>    public data -> cox_public.json (numbers only, no data)
# Made with R 4.2.2 and survival 3.5-3; each json file says so in "versions".
library(survival)
tight <- coxph.control(eps = 1e-14, toler.chol = 1e-15, iter.max = 100, timefix = FALSE)

number <- function(x) {
  text <- sprintf("%.15g", x)
  text[is.na(x)] <- "null"
  text[is.infinite(x)] <- "null"
  text
}
json <- function(x) {
  if (is.list(x)) {
    return(paste0("{", paste0('"', names(x), '": ', vapply(x, json, ""), collapse = ",\n"), "}"))
  }
  if (is.character(x)) return(paste0('"', x, '"'))
  if (is.matrix(x)) {
    return(paste0("[", paste(apply(x, 1, function(row) json(c(row))), collapse = ",\n"), "]"))
  }
  paste0("[", paste(number(x), collapse = ", "), "]")
}
write_json <- function(cases, path) {
  versions <- list(versions = paste(R.version.string, "survival", packageVersion("survival")))
  writeLines(json(c(versions, cases)), path)
}
bare <- function(m) { m <- as.matrix(m); dimnames(m) <- NULL; m }

fitted_numbers <- function(fit, held = NULL, cluster = NULL) {
  naive <- if (is.null(fit$naive.var)) fit$var else fit$naive.var
  out <- list(
    coefficients = unname(coef(fit)), se = sqrt(diag(naive)), loglik = fit$loglik,
    score = unname(fit$score), wald = unname(fit$wald.test)
  )
  if (!is.null(fit$naive.var)) {
    out$robust <- bare(fit$var)
    # R's own robust score test forgets the offset, so with an offset it is made here from a fit held at 0.
    out$robust_score <- if (is.null(held)) unname(fit$rscore) else {
      scores <- residuals(held, "score", collapse = cluster, weighted = TRUE)
      drop(colSums(scores) %*% solve(crossprod(scores), colSums(scores)))
    }
  }
  out
}
concordance_numbers <- function(fit) {
  found <- concordance(fit, timefix = FALSE)
  counts <- if (is.matrix(found$count)) colSums(found$count) else found$count
  c(found$concordance, sqrt(found$var), counts)
}
zph_numbers <- function(fit, residuals) {
  out <- list()
  for (g in c("km", "rank", "identity", "log")) {
    test <- cox.zph(fit, transform = g, terms = FALSE)
    out[[g]] <- bare(test$table)
    if (residuals && g == "km") {
      out$x <- test$x
      out$y <- bare(test$y)
      out$var <- bare(test$var)
    }
  }
  out
}
hazard_numbers <- function(fit) {
  steps <- basehaz(fit, centered = FALSE)
  bare(cbind(if (is.null(steps$strata)) 1 else as.integer(steps$strata), steps$time, steps$hazard))
}
row_numbers <- function(fit) {
  list(
    martingale = unname(residuals(fit, "martingale")), deviance = unname(residuals(fit, "deviance")),
    score_residuals = bare(residuals(fit, "score")), dfbeta = bare(residuals(fit, "dfbeta")),
    schoenfeld = bare(residuals(fit, "schoenfeld")), scaled = bare(residuals(fit, "scaledsch"))
  )
}
# Squares and sums by row number hold the same digits in few numbers, where there are thousands of rows.
folded <- function(rows) {
  lapply(rows, function(m) { m <- as.matrix(m); unname(c(colSums(m^2), colSums(m * seq_len(nrow(m))))) })
}
all_numbers <- function(fit, rows = TRUE, hazard = TRUE, held = NULL, cluster = NULL) {
  out <- fitted_numbers(fit, held, cluster)
  out$concordance <- concordance_numbers(fit)
  out$zph <- zph_numbers(fit, rows)
  if (hazard) out$hazard <- hazard_numbers(fit)
  c(out, if (rows) row_numbers(fit) else folded(row_numbers(fit)))
}

simulate <- function() {
  set.seed(20261122)
  subjects <- 60
  rows <- do.call(rbind, lapply(seq_len(subjects), function(id) {
    k <- sample(1:4, 1)
    cuts <- sort(sample(0:40, 2 * k))
    data.frame(id = id, start = cuts[2 * seq_len(k) - 1], stop = cuts[2 * seq_len(k)])
  }))
  n <- nrow(rows)
  rows$stratum <- c("a", "b", "c")[1 + rows$id %% 3]
  rows$x1 <- round(rnorm(n), 3)
  # Constant in stratum c; and a skewed column far from 0.
  rows$x2 <- ifelse(rows$stratum == "c", 1, rbinom(n, 1, 0.4))
  rows$x3 <- round(200 + 5 * rexp(n), 2)
  rows$event <- rbinom(n, 1, plogis(-0.4 + 0.6 * rows$x1 + 0.5 * rows$x2 + 0.03 * (rows$x3 - 205)))
  rows$weight <- round(runif(n, 0.3, 3), 2)
  rows$offset <- round(rnorm(n, 0, 0.4), 3)
  rows$time <- rows$stop - rows$start
  rows$begin <- round(rows$start + runif(n, 0, 0.9), 4)
  rows$end <- round(rows$stop - runif(n, 0, 0.05), 4)
  # Sampled sets of 3 to 6 with one case, and of 5 to 9 with one to three.
  rows$set_one <- rep(1:200, times = sample(3:6, 200, TRUE))[seq_len(n)]
  rows$case_one <- as.integer(ave(runif(n) + 0.3 * rows$x1, rows$set_one, FUN = function(v) v == max(v)))
  rows$set_many <- rep(1:200, times = sample(5:9, 200, TRUE))[seq_len(n)]
  rows$case_many <- as.integer(ave(runif(n) + 0.3 * rows$x1, rows$set_many, FUN = function(v) {
    rank(-v) <= 1 + length(v) %% 3
  }))
  rows
}

simulated <- function() {
  write.csv(simulate(), "cox_simulated.csv", row.names = FALSE, quote = FALSE)
  d <- read.csv("cox_simulated.csv")
  cases <- list()
  for (ties in c("efron", "breslow")) {
    right <- coxph(Surv(time, event) ~ x1 + x2 + x3, d, ties = ties, control = tight)
    entry <- coxph(Surv(start, stop, event) ~ x1 + x2 + x3, d, ties = ties, cluster = id, control = tight)
    full <- coxph(Surv(time, event) ~ x1 + x2 + x3 + strata(stratum) + offset(offset), d, ties = ties,
                  weights = weight, cluster = id, control = tight)
    entry_full <- coxph(Surv(start, stop, event) ~ x1 + x2 + x3 + strata(stratum) + offset(offset), d,
                        ties = ties, weights = weight, cluster = id, control = tight)
    cases[[paste0("right_", ties)]] <- all_numbers(right)
    cases[[paste0("entry_", ties)]] <- all_numbers(entry)
    # R centres an offset before it makes a hazard, so hazards are compared where there is none.
    zero <- coxph.control(iter.max = 0)
    full_held <- suppressWarnings(update(full, init = c(0, 0, 0), control = zero))
    entry_held <- suppressWarnings(update(entry_full, init = c(0, 0, 0), control = zero))
    cases[[paste0("right_full_", ties)]] <- all_numbers(full, TRUE, FALSE, full_held, d$id)
    cases[[paste0("entry_full_", ties)]] <- all_numbers(entry_full, TRUE, FALSE, entry_held, d$id)
    weighted <- coxph(Surv(start, stop, event) ~ x1 + x2 + x3 + strata(stratum), d, ties = ties,
                      weights = weight, robust = FALSE, control = tight)
    grid <- data.frame(x1 = c(0, 1), x2 = c(1, 0), x3 = c(200, 205), stratum = "b")
    curve <- survfit(weighted, newdata = grid)
    cases[[paste0("weighted_", ties)]] <- c(fitted_numbers(weighted), list(
      hazard = hazard_numbers(weighted), curve_time = curve$time, curve_survival = bare(curve$surv)
    ))
    ridged <- coxph(Surv(start, stop, event) ~ ridge(x1, x2, x3, theta = 2, scale = FALSE), d, ties = ties,
                    control = tight)
    cases[[paste0("ridge_", ties)]] <- list(
      coefficients = unname(coef(ridged)), se = sqrt(diag(ridged$var)), loglik = ridged$loglik
    )
  }
  continuous <- coxph(Surv(begin, end, event) ~ x1 + x2 + x3, d, cluster = id, control = tight)
  cases$continuous <- all_numbers(continuous)
  one <- coxph(Surv(rep(1, nrow(d)), case_one) ~ x1 + x2 + x3 + strata(set_one) + offset(offset), d,
               ties = "breslow", cluster = id, control = tight)
  one_held <- suppressWarnings(update(one, init = c(0, 0, 0), control = coxph.control(iter.max = 0)))
  cases$sets_one <- c(fitted_numbers(one, one_held, d$id), list(
    concordance = concordance_numbers(one), martingale = unname(residuals(one, "martingale")),
    score_residuals = bare(residuals(one, "score"))
  ))
  many <- coxph(Surv(rep(1, nrow(d)), case_many) ~ x1 + x2 + x3 + strata(set_many) + offset(offset), d,
                ties = "exact", control = tight)
  cases$sets_many <- fitted_numbers(many)
  write_json(cases, "cox_simulated.json")
}

# Curves of two rows with their errors and intervals, of every kind of rows that a fit may have.
curve_numbers <- function(fit, level, stratum) {
  who <- data.frame(x1 = c(0.4, -1), x2 = c(1, 0), x3 = c(203, 212.5), stratum = stratum)
  out <- list(coefficients = unname(coef(fit)))
  for (scale in c("log-log", "log", "plain")) {
    curve <- survfit(fit, newdata = who, conf.type = scale, conf.int = level)
    # With strata R gives one curve per row, end to end; without, one column per row.
    flat <- function(m) c(as.matrix(m))
    out$time <- if (is.matrix(curve$surv)) rep(curve$time, ncol(curve$surv)) else curve$time
    out$row <- if (is.matrix(curve$surv)) rep(1:2, each = length(curve$time)) else rep(1:2, curve$strata)
    out$hazard <- flat(curve$cumhaz)
    out$survival <- flat(curve$surv)
    out$error <- flat(curve$std.err)
    out[[paste0("low_", scale)]] <- flat(curve$lower)
    out[[paste0("high_", scale)]] <- flat(curve$upper)
  }
  out
}

curves <- function() {
  d <- read.csv("cox_simulated.csv")
  cases <- list()
  for (ties in c("efron", "breslow")) {
    right <- coxph(Surv(time, event) ~ x1 + x2 + x3, d, ties = ties, control = tight)
    late <- coxph(Surv(start, stop, event) ~ x1 + x2 + x3, d, ties = ties, control = tight)
    robust <- update(late, cluster = id)
    apart <- update(late, . ~ . + strata(stratum))
    full <- update(apart, weights = weight, cluster = id)
    cases[[paste0("right_", ties)]] <- curve_numbers(right, 0.95, c("a", "a"))
    cases[[paste0("late_", ties)]] <- curve_numbers(late, 0.95, c("a", "a"))
    cases[[paste0("robust_", ties)]] <- curve_numbers(robust, 0.9, c("a", "a"))
    cases[[paste0("strata_", ties)]] <- curve_numbers(apart, 0.95, c("b", "c"))
    cases[[paste0("full_", ties)]] <- curve_numbers(full, 0.8, c("c", "a"))
  }
  write_json(cases, "cox_curves.json")
}

public <- function(folder) {
  read <- function(name) read.csv(file.path(folder, "recurrent_events", paste0(name, ".csv")))
  cgd <- read("cgd")
  cgd$treated <- as.integer(cgd$treat == "rIFN-g")
  cgd$autosomal <- as.integer(cgd$inherit == "autosomal")
  again <- read("readmission")
  again$female <- as.integer(again$sex == "Female")
  again$charlson12 <- as.integer(again$charlson == "1-2")
  again$charlson3 <- as.integer(again$charlson == "3")
  again$dukesC <- as.integer(again$dukes == "C")
  again$dukesD <- as.integer(again$dukes == "D")
  again$treated <- as.integer(again$chemo == "Treated")
  bladder <- read("bladder2")
  rotterdam <- read("rotterdam")
  treatment <- Surv(tstart, tstop, status) ~ treated + autosomal + age + steroids
  write_json(list(
    cgd = all_numbers(coxph(treatment, cgd, cluster = id, control = tight), FALSE),
    cgd_breslow = all_numbers(coxph(treatment, cgd, ties = "breslow", cluster = id, control = tight), FALSE),
    readmission = all_numbers(coxph(
      Surv(t.start, t.stop, event) ~ female + charlson12 + charlson3 + dukesC + dukesD + treated,
      again, cluster = id, control = tight
    ), FALSE),
    bladder2_pwp = all_numbers(coxph(
      Surv(start, stop, event) ~ rx + number + size + strata(enum), bladder, cluster = id, control = tight
    ), FALSE),
    bladder2_ag = all_numbers(coxph(
      Surv(start, stop, event) ~ rx + number + size, bladder, cluster = id, control = tight
    ), FALSE),
    rotterdam = all_numbers(coxph(
      Surv(dtime, death) ~ age + meno + grade + nodes + hormon, rotterdam, control = tight
    ), FALSE)
  ), "cox_public.json")
}

arguments <- commandArgs(TRUE)
if (length(arguments)) {
  public(arguments[1])
} else {
  simulated()
  curves()
}
