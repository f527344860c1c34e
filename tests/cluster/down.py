# SPDX-License-Identifier: Apache-2.0
from genxi import Cluster

Cluster().down()
