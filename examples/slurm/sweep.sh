#!/bin/bash
# One task of an array job: measures its part of a sweep. submit.sh submits it:
#
#   sbatch --array=1-16 sweep.sh PARTS MODEL DATA [options of tugline sweep]
#
# PARTS is a folder that all nodes see. Each task writes PARTS/I-of-N.db. If the task is preempted, reaches its
# time limit, or loses its node, it is queued again, and goes on with its store.
#SBATCH --job-name=tugline
#SBATCH --output=tugline-%A_%a.log
#SBATCH --open-mode=append
#SBATCH --requeue
# The batch script gets SIGTERM this many seconds before the time limit.
#SBATCH --signal=B:TERM@60
set -u

parts=$1
shift

# tugline keeps whole units and ends with status 130. bash runs a trap only while it waits.
trap 'kill -TERM "$sweep" 2>/dev/null' TERM
export OMP_NUM_THREADS=${SLURM_CPUS_PER_TASK:-1}
tugline sweep "$@" --shard auto -o "$parts/{shard}.db" &
sweep=$!
status=-1
# A signal ends `wait` before the sweep has ended.
until [[ $status -ge 0 ]] && ! kill -0 "$sweep" 2>/dev/null; do
  wait "$sweep"
  status=$?
done

# Nobody cancelled a task that is still running for Slurm, so the signal was a preemption or the time limit. A task
# is named by its array, since the number of an array is also that of one of its tasks.
task=${SLURM_ARRAY_JOB_ID}_${SLURM_ARRAY_TASK_ID}
if [[ $status -eq 130 || $status -eq 143 ]] && [[ $(squeue -h -j "$task" -o %T) == RUNNING ]]; then
  scontrol requeue "$task"
fi
exit "$status"
