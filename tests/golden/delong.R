# AUROC of two scores on the same rows, their covariance and the test of their difference, by DeLong: pROC.
# Writes delong.csv (the data) and delong.json. Run in this folder: Rscript delong.R
source("write.R")
suppressPackageStartupMessages(library(pROC))

set.seed(20260201)
n <- 400
lead <- rnorm(n)
data <- data.frame(
  event = as.integer(runif(n) < plogis(-1.5 + lead)),
  # Rounded, so that scores tie; the second ties a great deal.
  risk = round(lead + rnorm(n), 1),
  calls = rpois(n, exp(0.4 * lead))
)
write.csv(data, "delong.csv", row.names = FALSE, quote = FALSE)

one <- roc(data$event, data$risk, levels = c(0, 1), direction = "<")
other <- roc(data$event, data$calls, levels = c(0, 1), direction = "<")
found <- roc.test(one, other, method = "delong", paired = TRUE)
write_json(list(
  pROC = as.character(packageVersion("pROC")),
  auroc = c(as.numeric(auc(one)), as.numeric(auc(other))),
  variance = c(var(one, method = "delong"), var(other, method = "delong")),
  covariance = cov(one, other, method = "delong"),
  p_value = found$p.value,
  interval = as.numeric(found$conf.int)
), "delong.json")
