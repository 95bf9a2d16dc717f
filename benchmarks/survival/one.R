# One fit by R's coxph in a process of its own: Rscript one.R KIND FILE prints JSON.
suppressPackageStartupMessages(library(survival))
arguments <- commandArgs(TRUE)
columns <- 13
cells <- file.size(arguments[2]) / 8
table <- matrix(readBin(arguments[2], "double", cells), ncol = columns)
X <- table[, 4:columns]
start <- table[, 1]; stop <- table[, 2]; event <- table[, 3]
rm(table)
invisible(gc())
took <- system.time(
  fit <- if (arguments[1] == "right-censored") coxph(Surv(stop, event) ~ X) else coxph(Surv(start, stop, event) ~ X)
)
cpu <- took[["user.self"]] + took[["sys.self"]]
status <- tryCatch(readLines("/proc/self/status"), error = function(e) character())
peak <- grep("VmHWM", status, value = TRUE)
memory <- if (length(peak)) as.numeric(gsub("[^0-9]", "", peak)) / 1024 else sum(gc()[, 6])
cat(sprintf('{"seconds": %.4f, "cpu_seconds": %.4f, "memory_mb": %.1f, "coefficients": [%s]}\n',
            took[["elapsed"]], cpu, memory, paste(sprintf("%.12g", coef(fit)), collapse = ", ")))
