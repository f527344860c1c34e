/* SPDX-License-Identifier: Apache-2.0 */
/* Reads an OpenStreetMap XML file (plain or gzipped) into a gatherer, in two readings. */
#ifndef MATCHER_ROADS_XML_H
#define MATCHER_ROADS_XML_H

#include "roads/osm.h"

enum gx_rc roads_xml_read(const char *path, struct roads_osm *osm, struct roads_fault *fault);

#endif
