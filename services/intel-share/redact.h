/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Personal data in a text, found by its form: identity card numbers, telephone numbers, number plates. Digits and letters count in their
 * full-width forms too. Names cannot be found like this; that is what the approver is for.
 */
#ifndef INTEL_REDACT_H
#define INTEL_REDACT_H

enum intel_personal {
    INTEL_PERSONAL_NONE,
    INTEL_PERSONAL_ID,
    INTEL_PERSONAL_PHONE,
    INTEL_PERSONAL_PLATE
};

/* The first kind found in valid UTF-8. */
enum intel_personal intel_personal_find(const char *text);
/* "id-number", "phone", "plate"; "" for NONE. */
const char *intel_personal_word(enum intel_personal kind);

#endif
