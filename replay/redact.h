/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * What a recording tells of its owner, taken out of its text.
 */

/** A heap text, or NULL without memory. @text is a bundle. */
char *replay_redact(const char *text);
