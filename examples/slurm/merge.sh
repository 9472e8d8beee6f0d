#!/bin/bash
# Joins the parts of a sweep after all tasks of the array job are done. submit.sh submits it.
#
#   sbatch --dependency=afterok:JOB merge.sh PARTS OUT.db
#SBATCH --job-name=tugline-merge
#SBATCH --output=tugline-%j.log
#SBATCH --open-mode=append
#SBATCH --requeue
set -eu

parts=$1
out=$2
# The store appears whole or not at all, so a job that was queued again after the merge has nothing left to do.
[[ -e $out ]] || tugline merge "$out" "$parts"/*-of-*.db
