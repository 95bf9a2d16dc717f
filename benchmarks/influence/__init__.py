"""Who is more influential, in the PeerIndex pairs: scores learned from human judgements, judged on pairs held out."""
