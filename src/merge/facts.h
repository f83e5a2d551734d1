/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the reports of all shards say of the image, and of how it was checked. */
#ifndef E4ZERO_FACTS_H
#define E4ZERO_FACTS_H

#include "cli/options.h"
#include "merge/part.h"

struct facts {
	struct options options; /* of a check of the whole image, as it would have been given */
	struct e4z_image_info info;
	uint32_t fingerprint;
	struct record shard, image; /* whose strings the others are */
	const char **features, **notes;
};

/*
 * From COUNT parts, which are the same in what all have in common. GIVEN: the options of --merge.
 * EINVAL: a field is not valid, facts->shard.bad or facts->image.bad says which. ENOMEM. FACTS is
 * to be freed in any case, before the parts.
 */
errcode_t facts_make(struct facts *facts, const struct part *parts, size_t count,
		     const struct options *given);
void facts_free(struct facts *facts);

/* IMG, which is open, is the same file system in the same state. */
bool facts_hold(const struct facts *facts, const struct e4z_image *img);

#endif
