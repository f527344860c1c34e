/* SPDX-License-Identifier: Apache-2.0 */
#include "wire/audience.h"

#include "base/text.h"

static bool listed(char *const *texts, size_t count, const char *text)
{
    if (text == NULL || text[0] == '\0') {
        return false;
    }
    for (size_t i = 0; i < count; i++) {
        if (gx_text_is(texts[i], text)) {
            return true;
        }
    }
    return false;
}

static bool officer_sees(const struct gx_actor *actor, const Genxi__Event *event)
{
    const Genxi__Audience *audience = event->audience;
    if (!audience->officers || !gx_actor_has(actor, GX_ROLES_OFFICERS)) {
        return false;
    }
    if (audience->roles != 0 && !gx_actor_has(actor, audience->roles)) {
        return false;
    }
    if (gx_actor_in_area(actor, event->area)) {
        return true;
    }
    for (size_t i = 0; i < audience->n_more_areas; i++) {
        if (gx_actor_in_area(actor, audience->more_areas[i])) {
            return true;
        }
    }
    return false;
}

enum gx_sight gx_audience_sight(const struct gx_actor *actor, const Genxi__Event *event)
{
    const Genxi__Audience *audience = event->audience;
    if (gx_actor_has(actor, GX_ROLE_SYSTEM) || officer_sees(actor, event)) {
        return GX_SIGHT_OFFICER;
    }
    bool desk = gx_actor_has(actor, (uint32_t)GX_ROLE_DESK | (uint32_t)GX_ROLE_LINKED) &&
                listed(audience->orgs, audience->n_orgs, actor->org);
    bool device = listed(audience->responders, audience->n_responders, actor->responder_id);
    return desk || device ? GX_SIGHT_PARTNER : GX_SIGHT_NONE;
}
