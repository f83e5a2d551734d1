#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# contrib/fleet/kubernetes.yaml: a simulated controller of indexed jobs runs its command by its rules. Each image has one
# report, 8 fails its index alone, 12 counts, 32 does not, 16 fails the job. With KUBERNETES_MODELS, the directory of the npm
# package kubernetes-models, it is also compared with the published schema.
. "${srcdir:-.}/tests/lib.sh"
. "$srcdir/tests/images/recipes.sh"
. "$srcdir/tests/fleet/common.sh"
for tool in jq python3 flock; do requires $tool; done
requires command python3 -c 'import yaml'

make_kinds
fleet_images 10
wanted=$(expect 10)
cat >controller.py <<-'END'
	"""An indexed job, one pod at a time: prints the indexes that succeeded, failed, and the pods of each."""
	import json, os, subprocess, sys, yaml

	spec = yaml.safe_load(open(sys.argv[1]))["spec"]
	fleet, campaign, images = sys.argv[2], sys.argv[3], int(sys.argv[4])
	pod = spec["template"]["spec"]
	(container,) = pod["containers"]
	assert spec["completionMode"] == "Indexed" and pod["restartPolicy"] == "Never"
	assert spec["podReplacementPolicy"] == "Failed" # what a podFailurePolicy requires
	command = [word.replace("/usr/local/share/e4zero/fleet/fleet.sh", fleet).replace("/fleet/campaign", campaign)
	           for word in container["command"]]
	assert command != container["command"]


	def action(status):
	    for rule in spec["podFailurePolicy"]["rules"]:
	        codes = rule.get("onExitCodes")
	        if codes and codes["containerName"] == container["name"]:
	            assert codes["operator"] == "In" and codes["values"] == sorted(set(codes["values"])) and 0 not in codes["values"]
	            if status in codes["values"]:
	                return rule["action"]
	    return "Count"


	done, failed, pods, job = [], [], {}, "complete"
	for index in range(images):
	    counted, pods[index] = 0, []
	    while job == "complete":
	        env = {**os.environ, "JOB_COMPLETION_INDEX": str(index)}
	        status = subprocess.run(command, env=env, stderr=subprocess.DEVNULL, check=False).returncode
	        pods[index].append(status)
	        if status == 0:
	            done.append(index)
	            break
	        what = action(status)
	        if what == "FailJob":
	            job = "failed"
	        counted += what == "Count"
	        if what == "FailIndex" or counted > spec["backoffLimitPerIndex"]:
	            failed.append(index)
	            break
	json.dump({"job": job, "done": done, "failed": failed, "pods": [pods[i] for i in range(images)]}, sys.stdout)
END
controller() { # DIR
	command python3 controller.py "$recipes/kubernetes.yaml" "$fleet" "$PWD/$1" 10 >job || fail 'the job'
}
bash "$fleet" new dir list >/dev/null || fail new
controller dir
reported dir "$wanted"
# indexes 5 to 8 are images 6 to 9: cut, bare, broken, missing
same job "$(jq -c 'del(.pods)' job)" '{"job":"complete","done":[0,1,2,3,4,9],"failed":[5,6,7,8]}'
controller dir
same 'the job once more' "$(jq -c .failed job)" '[5,6,7,8]'
reported dir "$wanted"

# what asks for another try: images 1 to 4 leave with these
cat >again <<-END
	#!/bin/bash
	plan=(0)
	case "\$*" in
	--version* | *list/none*) exec "$E4ZERO" "\$@" ;;
	--replay*) exit 0 ;;
	*image.1-*) image=1 plan=(32 32 32 32 32 0) ;;
	*image.2-*) image=2 plan=(12 12 12 0) ;;
	*image.3-*) image=3 plan=(12 12 12 12 12 12 12 12 12 12) ;;
	*image.4-*) image=4 plan=(\$BROKEN) ;;
	esac
	for status in "\${plan[@]}"; do
	    mkdir "$tmp/tries/\$image-\$((++try))" 2>/dev/null && break
	done
	echo '{"type":"summary","schema":1,"exit":'\$status'}'
	exit \$status
END
chmod +x again
for broken in 0 16; do
	rm -rf dir tries
	mkdir tries
	E4ZERO=$tmp/again bash "$fleet" new dir list --fix >/dev/null || fail new
	export BROKEN=$broken
	E4ZERO=$tmp/again controller dir
	if [ $broken = 0 ]; then
		same 'pods of image 1' "$(jq -c '.pods[0]' job)" '[32,32,32,32,32,0]'
		same 'pods of image 2' "$(jq -c '.pods[1]' job)" '[12,0]'
		same 'pods of image 3' "$(jq -c '.pods[2]' job)" '[12,12,12,12]'
		same failed "$(jq -c '[.job, .failed]' job)" '["complete",[2]]'
	else
		same 'pods of image 4' "$(jq -c '.pods[3]' job)" '[16]'
		same 'a wrong command line' "$(jq -c '[.job, .done]' job)" '["failed",[0,1]]'
	fi
done

[ -n "${KUBERNETES_MODELS-}" ] || { echo 'KUBERNETES_MODELS is not set: not compared with the published schema'; exit 0; }
requires node
command python3 -c 'import json, sys, yaml; json.dump(yaml.safe_load(open(sys.argv[1])), sys.stdout)' \
	"$recipes/kubernetes.yaml" >job.json
cat >validate.mjs <<-'END'
	import { readFileSync } from 'node:fs';
	const { validate } = await import(process.argv[2] + '/_schemas/IoK8sApiBatchV1Job.js');
	const job = JSON.parse(readFileSync('job.json'));
	if (!validate(job)) {
		console.log(validate.errors);
		process.exit(1);
	}
	job.spec.podFailurePolicy.rules[0].action = 'Other';
	if (validate(job))
		process.exit(2);
END
node validate.mjs "$(realpath "$KUBERNETES_MODELS")" || fail 'not valid by the published schema'
