// SPDX-License-Identifier: GPL-2.0-only
#include <string.h>
#include "report/names_json.h"

static json_t *text(const char *s, size_t len)
{
	json_t *value = json_stringn(s, len);

	return value ? value : json_string("(not UTF-8)");
}

static json_t *json_devices(const char *devices)
{
	json_t *list = json_array();
	size_t len;

	for (; *devices; devices += len + (devices[len] == ' ')) {
		len = strcspn(devices, " ");
		json_array_append_new(list, text(devices, len));
	}
	return list;
}

static json_t *number_if(bool known, __u64 value)
{
	return known ? json_integer((json_int_t)value) : json_null();
}

void name__add_json(const struct name *name, json_t *to)
{
	bool kept = name && *name->session;

	json_object_set_new(to, "session", kept ? text(name->session, strlen(name->session)) :
			    json_null());
	json_object_set_new(to, "iommufd_token", number_if(kept, kept ? name->iommufd_token : 0));
	json_object_set_new(to, "hwpt_token", number_if(name && name->has_hwpt,
							name ? name->hwpt_token : 0));
	json_object_set_new(to, "hwpt_id", number_if(name && name->hwpt_id,
						     name ? name->hwpt_id : 0));
	json_object_set_new(to, "devices", name && name->devices ? json_devices(name->devices) :
			    json_null());
}
