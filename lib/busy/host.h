/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What this host's sysfs and /proc say of block devices. Nothing here fails: it is there or not. */
#ifndef E4Z_BUSY_HOST_H
#define E4Z_BUSY_HOST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define HOST_NAME_SIZE 64 /* of a block device, as sysfs spells it */
#define HOST_PATH_SIZE 512

/* Where the two are mounted; tests have others. */
struct host {
	const char *sys, *proc;
};

extern const struct host host_here;

/* The first line of /sys/class/block/NAME/LEAF into LINE, SIZE bytes. False: it is not there. */
bool host_line(const struct host *host, const char *name, const char *leaf, char *line,
	       size_t size);
bool host_number(const struct host *host, const char *name, const char *leaf, uint64_t *value);
/* The number of device NAME. */
bool host_dev(const struct host *host, const char *name, dev_t *dev);
/* Its size in bytes, 0 when that is not known. */
uint64_t host_size(const struct host *host, const char *name);
bool host_exists(const struct host *host, const char *name, const char *leaf);

/*
 * The name of a device, and of the disk of which it is a partition ("" if it is none), of
 * HOST_NAME_SIZE bytes each: /sys/dev/block/8:1 is a link to .../block/sda/sda1. False: sysfs does
 * not know it, and neither is written to.
 */
bool host_names(const struct host *host, dev_t dev, char *name, char *disk);

/* Call EACH for the names in /sys/LEAF, hidden ones left out; false when it cannot be read. */
bool host_each(const struct host *host, const char *leaf, void (*each)(void *arg, const char *name),
	       void *arg);

/* All of /proc/LEAF as a string, for free(); NULL: it cannot be read. */
char *host_proc(const struct host *host, const char *leaf);

/* "8:1", and whatever follows. */
bool host_parse_dev(const char *text, dev_t *dev);

/* NAME's node in /dev into PATH, SIZE bytes: sysfs has '!' for '/'. */
void host_node(const char *name, char *path, size_t size);

/* No control character stays: what the host says goes into messages of one line. */
void host_printable(char *text);

#endif
