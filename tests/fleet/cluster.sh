#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A Slurm cluster of one machine for one command: cluster.sh DIR COMMAND... runs it in namespaces of its own (processes, host
# name, mounts, network), so nothing of the cluster survives, and no port or file of this host is used. 77: it does not
# work here.
set -u
dir=$1

if [ -z "${IN_CLUSTER-}" ]; then
	IN_CLUSTER=1 exec unshare --pid --fork --mount-proc --kill-child --uts --net --mount --ipc bash "$0" "$@"
fi
shift
die() {
	echo "cluster.sh: $*: $(tail -qn 3 "$dir"/*.log)" >&2
	exit 77
}
mkdir -p "$dir/state" "$dir/spool" "$dir/munge" && chmod 711 "$dir/munge" || exit 1
# names are looked up only where there is an address that is not 127.0.0.1
hostname localhost && ip link set lo up && ip addr add 192.0.2.1/32 dev lo || die 'no host name, or no network'
head -c 1024 /dev/urandom >"$dir/munge/key" && chmod 600 "$dir/munge/key"
# slurmctld and slurmd look for each other by the name of the host
printf '127.0.0.1 localhost\n' >"$dir/hosts" && mount --bind "$dir/hosts" /etc/hosts || die 'no mount'

cat >"$dir/slurm.conf" <<-END
	ClusterName=fleet
	SlurmctldHost=localhost
	SlurmUser=root
	SlurmdUser=root
	AuthType=auth/munge
	AuthInfo=socket=$dir/munge/socket
	CryptoType=crypto/munge
	StateSaveLocation=$dir/state
	SlurmdSpoolDir=$dir/spool
	SlurmctldPidFile=$dir/slurmctld.pid
	SlurmdPidFile=$dir/slurmd.pid
	SlurmctldLogFile=$dir/slurmctld.log
	SlurmdLogFile=$dir/slurmd.log
	SlurmdParameters=config_overrides
	MpiDefault=none
	ProctrackType=proctrack/linuxproc
	TaskPlugin=task/none
	SelectType=select/cons_tres
	SelectTypeParameters=CR_CPU
	JobAcctGatherType=jobacct_gather/none
	AccountingStorageType=accounting_storage/none
	ReturnToService=2
	SchedulerParameters=batch_sched_delay=0,sched_min_interval=0,bf_interval=1,defer_batch
	KillWait=2
	MinJobAge=300
	NodeName=localhost NodeAddr=127.0.0.1 CPUs=4 State=UNKNOWN
	PartitionName=all Nodes=localhost Default=YES MaxTime=INFINITE State=UP
END
printf 'CgroupPlugin=cgroup/v1\n' >"$dir/cgroup.conf"
export SLURM_CONF=$dir/slurm.conf
munged --force --foreground --key-file="$dir/munge/key" --socket="$dir/munge/socket" --pid-file="$dir/munge/pid" \
	--log-file="$dir/munge.log" --seed-file="$dir/munge/seed" >>"$dir/munged.log" 2>&1 &
for ((i = 0; i < 1000; i++)); do
	[ ! -S "$dir/munge/socket" ] || break
	sleep 0.01
done
[ -S "$dir/munge/socket" ] || die 'munged does not start'
slurmctld -D >>"$dir/out.log" 2>&1 &
ctld=$!
slurmd -D -N localhost >>"$dir/out.log" 2>&1 &
daemon=$!
for ((i = 0; i < 150; i++)); do
	kill -0 $ctld $daemon 2>/dev/null || die 'slurmctld or slurmd ends'
	[ "$(timeout 5 sinfo -h -o %T 2>/dev/null)" != idle ] || break
	sleep 0.2
done
[ "$(timeout 5 sinfo -h -o %T 2>/dev/null)" = idle ] || die 'the node does not become idle'
"$@"
