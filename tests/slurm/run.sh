#!/usr/bin/env bash
# A real one-node Slurm on this machine, the workflow on it, and what its faults do: `bash tests/slurm/run.sh [REPORT]`.
#
# Needs root in a container or virtual machine of Debian or Ubuntu, and gwpipe[slurm,generic] in the Python that is first
# on the PATH. Everything lies in a temporary folder and goes at the end, the Debian packages excepted. About 25 minutes
# on two cores. The processors, memory and GPUs that the node has to offer are pretended.
set -euo pipefail
cd "$(dirname "$0")/../.."
report=$(realpath -m "${1:-/dev/stdout}")
home=$(mktemp -d)
host=$(hostname -s)

if ! command -v slurmctld slurmd munged >/dev/null; then
    apt-get update && apt-get install --yes --no-install-recommends slurm-wlm munge
fi

finish() {
    for name in slurmd slurmctld munged; do
        [ -f "$home/$name.pid" ] && kill "$(cat "$home/$name.pid")" 2>/dev/null || true
    done
    sleep 2
    rm -rf "$home" /etc/slurm/slurm.conf /etc/slurm/gres.conf
}

mkdir -p "$home/state" "$home/spool"
chmod 755 "$home"
cat >"$home/slurm.conf" <<CONF
ClusterName=one
SlurmctldHost=$host(127.0.0.1)
SlurmUser=root
SlurmctldPort=26817
SlurmdPort=26818
AuthType=auth/munge
AuthInfo=socket=$home/munge.socket
StateSaveLocation=$home/state
SlurmdSpoolDir=$home/spool
SlurmctldPidFile=$home/slurmctld.pid
SlurmdPidFile=$home/slurmd.pid
SlurmctldLogFile=$home/slurmctld.log
SlurmdLogFile=$home/slurmd.log
SlurmdParameters=config_overrides
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core_Memory
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
MpiDefault=none
ReturnToService=2
MinJobAge=3600
KillWait=30
GresTypes=gpu
NodeName=$host NodeAddr=127.0.0.1 CPUs=32 RealMemory=256000 Gres=gpu:2
PartitionName=all Nodes=$host Default=YES MaxTime=INFINITE State=UP
CONF
# Slurm wants device files; it only counts them.
printf 'Name=gpu Flags=nvidia_gpu_env File=/dev/%s\n' null zero >"$home/gres.conf"
# Where Slurm looks by itself: Snakemake's jobs forget SLURM_CONF.
[ ! -e /etc/slurm/slurm.conf ] || { echo "this machine has a Slurm of its own: /etc/slurm/slurm.conf" >&2; exit 2; }
mkdir -p /etc/slurm
ln -s "$home/slurm.conf" "$home/gres.conf" /etc/slurm/
trap finish EXIT

dd if=/dev/urandom of="$home/munge.key" bs=1024 count=1 status=none
chmod 400 "$home/munge.key"
munged --force --key-file="$home/munge.key" --socket="$home/munge.socket" --pid-file="$home/munged.pid" \
    --log-file="$home/munged.log" --seed-file="$home/munged.seed"
slurmctld
slurmd
for _ in $(seq 30); do
    sinfo --noheader --format=%t 2>/dev/null | grep --quiet idle && break
    sleep 1
done
sinfo --noheader --format=%t | grep --quiet idle || { cat "$home"/*.log; exit 1; }

python tests/slurm/proof.py "$home/work" "$report"
