# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# A script that sources this continues in a mount namespace of its own, if it can have one. Otherwise each namespace that
# another process makes meanwhile would have a copy of its mounts, and keep them and their loop devices after umount(8). The
# mounts of such a namespace also end when the script is killed.
[ -n "${E4ZERO_OWN_MOUNTS-}" ] || ! unshare -m true 2>/dev/null ||
	E4ZERO_OWN_MOUNTS=1 exec unshare -m bash "$0" "$@"
