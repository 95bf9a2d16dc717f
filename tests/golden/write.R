# What competing.R and recurrent.R share: a fit with no slack, its numbers, and numbers as JSON.
library(survival)
tight <- coxph.control(eps = 1e-14, toler.chol = 1e-15, iter.max = 100, timefix = FALSE)

number <- function(x) {
  text <- sprintf("%.15g", x)
  text[is.na(x) | is.infinite(x)] <- "null"
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
fit_numbers <- function(fit) {
  list(coefficients = unname(coef(fit)), se = sqrt(diag(fit$naive.var)), robust = bare(fit$var), loglik = fit$loglik)
}
