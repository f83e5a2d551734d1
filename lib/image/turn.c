// SPDX-License-Identifier: GPL-2.0-or-later
// Refuses calls from a callback that pass the image that the caller of the callback uses.
#include "image/turn.h"

static errcode_t refuse(struct e4z_image *img, const char *name)
{
	return image_refuse(img, E4Z_ET_USAGE,
			    "this function must not be called in a callback of %s", name);
}

errcode_t turn_check(struct e4z_image *img, unsigned right)
{
	return img->turn && !(img->rights & right) ? refuse(img, img->turn) : 0;
}

errcode_t turn_check_closing(struct e4z_image *img)
{
	errcode_t err = turn_check(img, 0);

	return err || !img->expanding ? err : refuse(img, "e4z_expand()");
}

struct turn turn_begin(struct e4z_image *img, const char *name)
{
	errcode_t err = turn_check(img, 0);

	if (err)
		return (struct turn){.err = err};
	img->turn = name;
	return (struct turn){.img = img};
}

void turn_end(const struct turn *turn)
{
	if (turn->img)
		turn->img->turn = NULL;
}
