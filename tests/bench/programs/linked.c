// SPDX-License-Identifier: GPL-2.0-or-later
// Does nothing: what the loader needs for the libraries that e4zero is linked with.
int main(void)
{
	return 0;
}
