"""What is made of the sources: files for makers, solids, drawings, pictures. Nothing here decides anything."""
