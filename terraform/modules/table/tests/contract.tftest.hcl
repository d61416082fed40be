mock_provider "aws" {}

variables {
  deployment = {
    account_id = "123456789012"
    dns_suffix = "amazonaws.com"
    partition  = "aws"
    region     = "eu-west-1"
  }
  name      = "gallery"
  hash_key  = "pk"
  range_key = "sk"
}

run "refuses_an_unknown_projection" {
  command = plan

  variables {
    indexes = { by_time = { hash_key = "pk", range_key = "time_key", projection = "SOME" } }
  }

  expect_failures = [var.indexes]
}

run "refuses_include_without_attributes" {
  command = plan

  variables {
    indexes = { by_time = { hash_key = "pk", range_key = "time_key", projection = "INCLUDE" } }
  }

  expect_failures = [var.indexes]
}

run "refuses_attributes_without_include" {
  command = plan

  variables {
    indexes = { by_time = { hash_key = "pk", range_key = "time_key", non_key_attributes = ["title"] } }
  }

  expect_failures = [var.indexes]
}

run "refuses_more_attributes_than_dynamodb_allows" {
  command = plan

  variables {
    indexes = {
      by_time = {
        hash_key           = "pk"
        range_key          = "time_key"
        projection         = "INCLUDE"
        non_key_attributes = [for number in range(101) : "attribute_${number}"]
      }
    }
  }

  expect_failures = [var.indexes]
}
