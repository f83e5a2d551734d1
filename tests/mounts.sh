# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# Who sources this goes on in a mount namespace of its own, if it can have one. A mount in the namespace of all would also be in each
# one that somebody else makes meanwhile, and stay there after umount(8), with its loop device; and it is gone when the
# script is killed.
[ -n "${E4ZERO_OWN_MOUNTS-}" ] || ! unshare -m true 2>/dev/null ||
	E4ZERO_OWN_MOUNTS=1 exec unshare -m bash "$0" "$@"
