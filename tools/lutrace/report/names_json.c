// SPDX-License-Identifier: GPL-2.0-only
#include <string.h>
#include "report/json_value.h"
#include "report/names_json.h"

static json_t *name__devices_json(const char *devices)
{
	json_t *list = json_array();
	size_t len;

	for (; *devices; devices += len + (devices[len] == ' ')) {
		len = strcspn(devices, " ");
		json_array_append_new(list, json_value__text_of(devices, len));
	}
	return list;
}

void name__add_json(const struct name *name, json_t *to)
{
	bool kept = name && *name->session;

	json_object_set_new(to, "session", kept ? json_value__text(name->session) :
			    json_null());
	json_object_set_new(to, "iommufd_token", json_value__hex_if(kept, kept ?
							       name->iommufd_token : 0));
	json_object_set_new(to, "hwpt_token", json_value__hex_if(name && name->has_hwpt,
							    name ? name->hwpt_token : 0));
	json_object_set_new(to, "hwpt_id", json_value__count_if(name && name->hwpt_id,
							   name ? name->hwpt_id : 0));
	json_object_set_new(to, "devices", name && name->devices ? name__devices_json(name->devices) :
			    json_null());
}
