"""Other catalogues' formats read into services: the Finnish PTV Open API (`ptv`) and Open Referral HSDS (`hsds`). All but `take` is pure."""
