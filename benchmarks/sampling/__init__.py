"""What sampled risk sets save and cost beside the full cohort."""
