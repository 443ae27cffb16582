/* SPDX-License-Identifier: Apache-2.0 */
#ifndef REPRISE_VERSION_H
#define REPRISE_VERSION_H

/** Version of this header. The build reads it from here; it stands nowhere else. */
#define RPR_VERSION_MAJOR 0
#define RPR_VERSION_MINOR 1
#define RPR_VERSION_PATCH 0

#endif
