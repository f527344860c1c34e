/* SPDX-License-Identifier: Apache-2.0 */
/* The demonstration district as import files; columns as in services/readiness/README.md. */
#include "base/clock.h"
#include "base/log.h"
#include "district.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct text {
    FILE *out;
    bool first; /* nothing in this line yet */
};

static void cell(struct text *text, const char *value)
{
    if (!text->first) {
        (void)fputc(',', text->out);
    }
    text->first = false;
    if (value[strcspn(value, ",\"\r\n")] == '\0') {
        (void)fputs(value, text->out);
        return;
    }
    (void)fputc('"', text->out);
    for (; *value != '\0'; value++) {
        if (*value == '"') {
            (void)fputc('"', text->out);
        }
        (void)fputc(*value, text->out);
    }
    (void)fputc('"', text->out);
}

static void end_line(struct text *text)
{
    (void)fputs("\r\n", text->out);
    text->first = true;
}

static void header(struct text *text, const char *names)
{
    (void)fputs(names, text->out);
    end_line(text);
}

/* About a tenth of a metre; wide enough for any double, which gcc cannot know to be degrees. */
static void degrees(struct text *text, double value)
{
    char number[340];
    (void)snprintf(number, sizeof number, "%.6f", value);
    cell(text, number);
}

static void time_cell(struct text *text, int64_t at)
{
    char time[GX_TIME_TEXT_SIZE] = "";
    if (at != 0) {
        (void)gx_time_format(at, time);
    }
    cell(text, time);
}

static void number_cell(struct text *text, int64_t value)
{
    char number[24];
    (void)snprintf(number, sizeof number, "%" PRId64, value);
    cell(text, number);
}

static void ring_cell(struct text *text, const struct gx_district_station *station)
{
    (void)fputs(text->first ? "" : ",", text->out);
    text->first = false;
    for (size_t i = 0; i < station->ring_count; i++) {
        (void)fprintf(text->out, "%s%.6f %.6f", i == 0 ? "" : "; ", station->ring[i].lon,
                      station->ring[i].lat);
    }
}

static void write_stations(struct text *text, const struct gx_district *district)
{
    header(text, "area,code,name,name_en,lon,lat,ring");
    for (size_t i = 0; i < district->station_count; i++) {
        const struct gx_district_station *station = &district->stations[i];
        number_cell(text, station->area);
        cell(text, station->code);
        cell(text, station->name);
        cell(text, station->name_en);
        degrees(text, station->place.lon);
        degrees(text, station->place.lat);
        ring_cell(text, station);
        end_line(text);
    }
}

static void write_partners(struct text *text, const struct gx_district *district)
{
    header(text, "code,name,kind,area,signed_at,ends_at,contract_areas,off_site,contacts");
    for (size_t i = 0; i < district->partner_count; i++) {
        const struct gx_district_partner *partner = &district->partners[i];
        bool agreed = partner->signed_at != 0;
        cell(text, partner->code);
        cell(text, partner->name);
        cell(text, partner->kind);
        number_cell(text, partner->area);
        time_cell(text, partner->signed_at);
        time_cell(text, partner->ends_at);
        cell(text, agreed ? partner->contract_areas : "");
        cell(text, !agreed ? "" : partner->off_site ? "yes" : "no");
        cell(text, partner->contacts);
        end_line(text);
    }
}

static void write_sites(struct text *text, const struct gx_district *district)
{
    header(text, "partner,code,name,kind,lon,lat,needs,access");
    for (size_t i = 0; i < district->site_count; i++) {
        const struct gx_district_site *site = &district->sites[i];
        cell(text, district->partners[site->partner].code);
        cell(text, site->code);
        cell(text, site->name);
        cell(text, site->kind);
        degrees(text, site->place.lon);
        degrees(text, site->place.lat);
        cell(text, site->needs);
        cell(text, site->access);
        end_line(text);
    }
}

static void write_responders(struct text *text, const struct gx_district *district)
{
    header(
        text,
        "org,code,force,guard_kind,call_sign,site,skills,off_site_consent,insured_until_at,phone");
    for (size_t i = 0; i < district->responder_count; i++) {
        const struct gx_district_responder *responder = &district->responders[i];
        char site[96] = "";
        if (responder->site != SIZE_MAX) {
            const struct gx_district_site *home = &district->sites[responder->site];
            (void)snprintf(site, sizeof site, "%s/%s", district->partners[home->partner].code,
                           home->code);
        }
        cell(text, responder->org);
        cell(text, responder->code);
        cell(text, responder->force);
        cell(text, responder->guard_kind);
        cell(text, responder->call_sign);
        cell(text, site);
        cell(text, responder->skills);
        cell(text, responder->off_site_consent ? "yes" : "no");
        time_cell(text, responder->insured_until_at);
        cell(text, responder->phone);
        end_line(text);
    }
}

static void write_shifts(struct text *text, const struct gx_district *district)
{
    header(text, "org,responder,from_at,until_at");
    for (size_t i = 0; i < district->shift_count; i++) {
        const struct gx_district_shift *shift = &district->shifts[i];
        cell(text, district->responders[shift->responder].org);
        cell(text, district->responders[shift->responder].code);
        time_cell(text, shift->from_at);
        time_cell(text, shift->until_at);
        end_line(text);
    }
}

static void write_teams(struct text *text, const struct gx_district *district)
{
    header(text, "org,code,name,subjects,members");
    for (size_t i = 0; i < district->team_count; i++) {
        const struct gx_district_team *team = &district->teams[i];
        cell(text, team->org);
        cell(text, team->code);
        cell(text, team->name);
        cell(text, team->subjects);
        cell(text, team->members);
        end_line(text);
    }
}

typedef void write_fn(struct text *text, const struct gx_district *district);

static char *written(const struct gx_district *district, write_fn *write)
{
    char *bytes = NULL;
    size_t size = 0;
    struct text text = {open_memstream(&bytes, &size), true};
    if (text.out == NULL) {
        return NULL;
    }
    write(&text, district);
    if (fclose(text.out) != 0) {
        free(bytes);
        return NULL;
    }
    return bytes;
}

char *gx_district_csv(const struct gx_district *district, enum gx_district_file kind)
{
    static write_fn *const WRITERS[GX_DISTRICT_KINDS] = {
        [GX_DISTRICT_STATIONS] = write_stations, [GX_DISTRICT_PARTNERS] = write_partners,
        [GX_DISTRICT_SITES] = write_sites,       [GX_DISTRICT_RESPONDERS] = write_responders,
        [GX_DISTRICT_SHIFTS] = write_shifts,     [GX_DISTRICT_TEAMS] = write_teams,
    };
    size_t index = (size_t)kind;
    return index < GX_DISTRICT_KINDS ? written(district, WRITERS[index]) : NULL;
}

/* --- GeoJSON --- */

static void property(struct text *text, const char *name, const char *value)
{
    char escaped[4096];
    (void)gx_json_escape(value, escaped, sizeof escaped);
    (void)fprintf(text->out, "%s\"%s\":\"%s\"", text->first ? "" : ",", name, escaped);
    text->first = false;
}

static void begin_feature(struct text *text, size_t index)
{
    (void)fprintf(text->out, "%s\n{\"type\":\"Feature\",\"properties\":{", index == 0 ? "" : ",");
    text->first = true;
}

static void write_station_features(struct text *text, const struct gx_district *district)
{
    (void)fputs("{\"type\":\"FeatureCollection\",\"features\":[", text->out);
    for (size_t i = 0; i < district->station_count; i++) {
        const struct gx_district_station *station = &district->stations[i];
        char area[16];
        (void)snprintf(area, sizeof area, "%" PRId32, station->area);
        begin_feature(text, i);
        property(text, "area", area);
        property(text, "code", station->code);
        property(text, "name", station->name);
        property(text, "name_en", station->name_en);
        (void)fprintf(text->out, ",\"lon\":%.6f,\"lat\":%.6f", station->place.lon,
                      station->place.lat);
        (void)fputs("},\"geometry\":{\"type\":\"Polygon\",\"coordinates\":[[", text->out);
        for (size_t n = 0; n <= station->ring_count; n++) {
            struct gx_point p = station->ring[n % station->ring_count];
            (void)fprintf(text->out, "%s[%.6f,%.6f]", n == 0 ? "" : ",", p.lon, p.lat);
        }
        (void)fputs("]]}}", text->out);
    }
    (void)fputs("\n]}\n", text->out);
}

static void write_site_features(struct text *text, const struct gx_district *district)
{
    (void)fputs("{\"type\":\"FeatureCollection\",\"features\":[", text->out);
    for (size_t i = 0; i < district->site_count; i++) {
        const struct gx_district_site *site = &district->sites[i];
        begin_feature(text, i);
        property(text, "partner", district->partners[site->partner].code);
        property(text, "code", site->code);
        property(text, "name", site->name);
        property(text, "kind", site->kind);
        property(text, "needs", site->needs);
        property(text, "access", site->access);
        (void)fprintf(text->out, "},\"geometry\":{\"type\":\"Point\",\"coordinates\":[%.6f,%.6f]}}",
                      site->place.lon, site->place.lat);
    }
    (void)fputs("\n]}\n", text->out);
}

char *gx_district_geojson(const struct gx_district *district, enum gx_district_file kind)
{
    if (kind == GX_DISTRICT_STATIONS) {
        return written(district, write_station_features);
    }
    return kind == GX_DISTRICT_SITES ? written(district, write_site_features) : NULL;
}

char *gx_district_text(const struct gx_district *district, enum gx_district_file kind)
{
    return kind == GX_DISTRICT_STATIONS ? gx_district_geojson(district, kind)
                                        : gx_district_csv(district, kind);
}
