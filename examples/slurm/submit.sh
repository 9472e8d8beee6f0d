#!/bin/bash
# Submits a sweep in N parts, and a job that merges them after all are done:
#
#   examples/slurm/submit.sh N OUT.db MODEL DATA [options of tugline sweep] [-- options of sbatch]
#   examples/slurm/submit.sh 16 run.db model.gguf annotated.json --preset full -- --cpus-per-task=8 --time=2:00:00
#
# Prints the numbers of the array job and of the merging job. The parts are in OUT.db.parts. Run it again after a
# failure: finished parts are not measured again.
set -eu

[[ $# -ge 4 ]] || { sed -n '2,/^set /{/^set /d;s/^# \{0,1\}//;p}' "$0" >&2; exit 2; }
count=$1
out=$2
shift 2
sweep=()
while [[ $# -gt 0 && $1 != -- ]]; do
  sweep+=("$1")
  shift
done
[[ $# -eq 0 ]] || shift
[[ ! -e $out ]] || { echo "$out: is there already" >&2; exit 2; }

here=$(cd "$(dirname "$0")" && pwd)
parts=$out.parts
mkdir -p "$parts"
array=$(sbatch --parsable --array="1-$count" "$@" "$here/sweep.sh" "$parts" "${sweep[@]}")
merge=$(sbatch --parsable --dependency="afterok:$array" --kill-on-invalid-dep=yes "$here/merge.sh" "$parts" "$out")
echo "$array $merge"
