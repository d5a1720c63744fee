"""The parts of a page that are not in its note: header, foot, and the lists that the site makes itself."""
