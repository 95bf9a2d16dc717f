#!/usr/bin/env bash
# One night: import, check, score with the champion, watch drift, train a challenger, compare, and leave codes and JSON.
#
#   docs/nightly.sh KIND EXPORT HOME NIGHT
#
# KIND is the helpdesk of `retaliation-risk import` (servicenow), EXPORT its file, HOME a folder that stays, with run.toml
# in it, NIGHT a date such as 2026-01-31: only what was known before it counts. Written are HOME/NIGHT/ (all of tonight),
# HOME/champion (the folder of the model in use), HOME/NIGHT/steps.jsonl (a line for each step: name, exit code, seconds)
# and, last, HOME/NIGHT/night.json. Exit code: 0 ok, 3 the data are invalid, 4 drift past the gate (scores are there), or
# that of the step that failed.
#
# What a second night takes over: the feature store of the month, of which only customers with new rows are computed
# again, and the champion, which is not trained again.
set -uo pipefail

kind=$1 export=$2 home=$3 night=$4
holdout=${HOLDOUT_DAYS:-60} # no model learns from the last so many days: there champion and challenger are compared
learned=$(date -u -d "$night -$holdout day" +%F) || exit 2
here="$home/$night" config="$home/run.toml" store="$home/features-${night%-*}"
mkdir -p "$here" || exit 2

step() { # step NAME COMMAND...: run it, keep what it prints, note its exit code
    local name=$1 began=$SECONDS code
    shift
    "$@" > "$here/$name.json" 2> "$here/$name.log"
    code=$?
    printf '{"step": "%s", "exit_code": %d, "seconds": %d}\n' "$name" "$code" $((SECONDS - began)) >> "$here/steps.jsonl"
    return $code
}

end() { # end CODE SENTENCE: the last thing that is written
    printf '{"night": "%s", "exit_code": %d, "said": "%s", "champion": "%s"}\n' \
        "$night" "$1" "$2" "$(cat "$home/champion" 2> /dev/null)" > "$here/night.json"
    exit "$1"
}

rr() { retaliation-risk "$@" --json; }

step import rr import "$kind" "$export" --out "$here/tables" || end $? "the export cannot be read"
step check rr check "$here/tables" || end $? "the tables are invalid"

# The first of each month so far, as landmarks; this month's store is computed once and brought up to date each night.
if [ -d "$store" ]; then
    step features rr features "$here/tables" --update "$store" || end $? "features cannot be brought up to date"
else
    moments=()
    for back in $(seq 12 -1 0); do
        moments+=(--at "$(date -u -d "${night%-*}-01 -$back month" +%F)")
    done
    step features rr features "$here/tables" "${moments[@]}" --out "$store" || end $? "features cannot be computed"
fi

if [ ! -e "$home/champion" ]; then
    step train-champion rr train "$here/tables" --config "$config" --features "$store" --now "$learned" --out "$here/first" \
        || end $? "no first champion can be trained"
    echo "$here/first" > "$home/champion"
fi
champion=$(cat "$home/champion")

step score rr score "$here/tables" --artefact "$champion" --at "$night" --out "$here/scores" || end $? "nothing was scored"

step drift rr drift "$here/tables" --artefact "$champion" --config "$config" --now "$night" --out "$here/drift"
drifted=$?

step train rr train "$here/tables" --config "$config" --features "$store" --model "${CHALLENGER:-boosting}" \
    --now "$learned" --out "$here/challenger"
case $? in
    0)
        step compare rr compare "$here/tables" --champion "$champion" --challenger "$here/challenger" --config "$config" \
            --now "$night" --out "$here/comparison"
        compared=$?
        case $compared in
            0)
                echo "$here/challenger" > "$home/champion"
                said="the challenger is the champion now"
                ;;
            4) said="the champion stays" ;;
            *) end $compared "the comparison failed" ;;
        esac
        ;;
    4) said="the champion stays: there is too little to train a challenger on" ;;
    *) end 1 "training failed" ;;
esac

[ $drifted -eq 0 ] || [ $drifted -eq 4 ] || end $drifted "drift cannot be told"
end $drifted "$said"
