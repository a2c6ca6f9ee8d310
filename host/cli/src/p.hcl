path "a/*" {
  # c
  capabilities = ["read"]

  allowed_parameters = {
    "a" = []
  }
}

path "b" {
  capabilities = ["list"]
}
