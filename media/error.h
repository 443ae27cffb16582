/* SPDX-License-Identifier: Apache-2.0 */
/** Results and error texts of media/. */
#ifndef MEDIA_ERROR_H
#define MEDIA_ERROR_H

/** What the functions of media/ return. */
enum { MEDIA_OK = 0, MEDIA_END = 1, MEDIA_ERROR = -1 };

/** What went wrong, in one line that names the file. Owned by the caller. */
typedef struct media_error {
    char message[1024];
} media_error;

/** Writes the message (err may be NULL) and returns MEDIA_ERROR. */
int media_fail(media_error *err, const char *format, ...) __attribute__((format(printf, 2, 3)));

/** media_fail with "NAME: what (FFmpeg's text for code)". */
int media_fail_av(media_error *err, const char *name, const char *what, int code);

/** Stops the FFmpeg libraries from writing to stderr by themselves; errors reach media_error. */
void media_silence(void);

#endif
