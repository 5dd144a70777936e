/* SPDX-License-Identifier: Apache-2.0 */
/* What a program that is idle nearly always gives back meanwhile. */
#pragma once

/* Gives back memory that is free, and the pages of code and constants: what is needed again comes
 * from the page cache, by a minor fault. To be called where nothing is likely to happen for
 * seconds.
 */
void idle(void);
