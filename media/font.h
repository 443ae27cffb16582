/* SPDX-License-Identifier: Apache-2.0 */
/** A 5x7 dot font of printable ASCII. */
#ifndef MEDIA_FONT_H
#define MEDIA_FONT_H

enum { FONT_WIDTH = 5, FONT_HEIGHT = 7, FONT_ADVANCE = 6 };

/** Whether dot (x, y) of the character is set. */
int font_dot(char character, int x, int y);

#endif
