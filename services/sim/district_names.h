/* SPDX-License-Identifier: Apache-2.0 */
/* Names for the demonstration district: its real sub-districts and communities, and words from which the rest is made up. */
#ifndef SIM_DISTRICT_NAMES_H
#define SIM_DISTRICT_NAMES_H

#include <stddef.h>

enum {
    DISTRICT_STATION_COUNT = 10,
    DISTRICT_TOWN_COUNT = 11,
    DISTRICT_COMMUNITY_COUNT = 126
};

struct district_town {
    const char *code; /* 530112001 */
    const char *name;
    size_t station; /* index into DISTRICT_STATION_NAMES */
};
struct district_community {
    const char *code; /* 530112001001 */
    const char *name;
    size_t town; /* index into DISTRICT_TOWNS */
};
struct district_station_name {
    const char *zh;
    const char *en;
};

extern const struct district_town DISTRICT_TOWNS[DISTRICT_TOWN_COUNT];
extern const struct district_community DISTRICT_COMMUNITIES[DISTRICT_COMMUNITY_COUNT];
extern const struct district_station_name DISTRICT_STATION_NAMES[DISTRICT_STATION_COUNT];

extern const char *const DISTRICT_PLACE_WORDS[];
extern const size_t DISTRICT_PLACE_WORD_COUNT;
extern const char *const DISTRICT_ESTATE_WORDS[];
extern const size_t DISTRICT_ESTATE_WORD_COUNT;
extern const char *const DISTRICT_BUSINESS_WORDS[];
extern const size_t DISTRICT_BUSINESS_WORD_COUNT;
extern const char *const DISTRICT_SECURITY_WORDS[];
extern const size_t DISTRICT_SECURITY_WORD_COUNT;
extern const char *const DISTRICT_MARKET_WORDS[];
extern const size_t DISTRICT_MARKET_WORD_COUNT;
extern const char *const DISTRICT_HOTEL_WORDS[];
extern const size_t DISTRICT_HOTEL_WORD_COUNT;
extern const char *const DISTRICT_SCHOOL_WORDS[];
extern const size_t DISTRICT_SCHOOL_WORD_COUNT;
extern const char *const DISTRICT_HOSPITAL_WORDS[];
extern const size_t DISTRICT_HOSPITAL_WORD_COUNT;

#endif
