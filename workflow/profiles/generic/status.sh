#!/usr/bin/env bash
# `status.sh JOBID` prints running, success or failed: how cluster-generic learns of a job that was killed.
set -euo pipefail
state=$(scontrol --oneliner show job "$1" 2>/dev/null | grep --only-matching --perl-regexp 'JobState=\K\w+' || true)
# Forgotten by the controller: accounting, where there is any, still knows.
[ -n "$state" ] || state=$(sacct --noheader --allocations --format=State --jobs "$1" 2>/dev/null | awk '{print $1}' || true)
case "$state" in
    COMPLETED) echo success ;;
    PENDING | CONFIGURING | RUNNING | COMPLETING | SUSPENDED | REQUEUED | PREEMPTED | STAGE_OUT) echo running ;;
    *) echo failed ;;
esac
