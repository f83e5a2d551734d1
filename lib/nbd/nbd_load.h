/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The functions of libnbd, which is loaded only when an image is an NBD export: linking it would
 * add more to each start of the program than opening a file takes.
 */
#ifndef E4Z_NBD_NBD_LOAD_H
#define E4Z_NBD_NBD_LOAD_H

#include <et/com_err.h>
#include <libnbd.h>
#include <stddef.h>

#define NBD_FUNCTIONS(X)                                                                           \
	X(create)                                                                                  \
	X(close)                                                                                   \
	X(get_error)                                                                               \
	X(get_errno)                                                                               \
	X(add_meta_context)                                                                        \
	X(set_uri_allow_local_file)                                                                \
	X(set_pread_initialize)                                                                    \
	X(aio_connect_uri)                                                                         \
	X(aio_connect_socket)                                                                      \
	X(aio_get_fd)                                                                              \
	X(aio_get_direction)                                                                       \
	X(aio_notify_read)                                                                         \
	X(aio_notify_write)                                                                        \
	X(aio_is_ready)                                                                            \
	X(aio_is_dead)                                                                             \
	X(aio_is_closed)                                                                           \
	X(aio_pread)                                                                               \
	X(aio_pwrite)                                                                              \
	X(aio_zero)                                                                                \
	X(aio_flush)                                                                               \
	X(aio_block_status)                                                                        \
	X(aio_disconnect)                                                                          \
	X(get_size)                                                                                \
	X(get_block_size)                                                                          \
	X(is_read_only)                                                                            \
	X(can_flush)                                                                               \
	X(can_zero)                                                                                \
	X(can_fast_zero)                                                                           \
	X(can_multi_conn)                                                                          \
	X(can_meta_context)

struct nbd_api {
	void *library; /* of dlopen(3) */
#define X(name) __typeof__(nbd_##name) *name;
	NBD_FUNCTIONS(X)
#undef X
};

/* Fill API. E4Z_ET_NBD, with a sentence in WHY: the library is not installed, or too old. */
errcode_t nbd_load(struct nbd_api *api, char *why, size_t why_size);
/* The message of libnbd about the last failure in this thread, without the name of the function. */
void nbd_words(const struct nbd_api *api, char *why, size_t why_size);
/* API may be all zero. */
void nbd_unload(struct nbd_api *api);

#endif
