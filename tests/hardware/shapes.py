"""Solids as the tests make and hand them on."""

from __future__ import annotations

import trimesh
from manifold3d import Manifold


def triangles(solid: Manifold) -> trimesh.Trimesh:
    made = solid.to_mesh()
    return trimesh.Trimesh(made.vert_properties[:, :3], made.tri_verts)
