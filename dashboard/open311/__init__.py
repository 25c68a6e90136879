"""Open311 GeoReport v2 at `/open311/v2/`: reports from the public's own apps, through the same door as all others."""
