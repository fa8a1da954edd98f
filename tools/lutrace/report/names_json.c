// SPDX-License-Identifier: GPL-2.0-only
/* What an operator calls a domain, as members of a JSON object. */
#include <string.h>
#include "report/json.h"
#include "report/names_json.h"

static json_t *name__devices_json(const char *devices)
{
	json_t *list = json_array();
	size_t len;

	for (; *devices; devices += len + (devices[len] == ' ')) {
		len = strcspn(devices, " ");
		json_array_append_new(list, json__text_of(devices, len));
	}
	return list;
}

void name__add_json(const struct name *name, json_t *to)
{
	bool kept = name && *name->session;

	json_object_set_new(to, "session", kept ? json__text(name->session) :
			    json_null());
	json_object_set_new(to, "iommufd_token", json__hex_if(kept, kept ?
							       name->iommufd_token : 0));
	json_object_set_new(to, "hwpt_token", json__hex_if(name && name->has_hwpt,
							    name ? name->hwpt_token : 0));
	json_object_set_new(to, "hwpt_id", json__count_if(name && name->hwpt_id,
							   name ? name->hwpt_id : 0));
	json_object_set_new(to, "devices", name && name->devices ?
			    name__devices_json(name->devices) : json_null());
}
