"""What is put on top of a backbone. One file each; see :mod:`jeoni.heads.linear` for the seam."""
